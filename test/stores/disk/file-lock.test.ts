import { spawn } from "node:child_process";
import { lstatSync, lutimesSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { withFileLock } from "../../../src/stores/disk/file-lock.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** Runs `code`, which has `withFileLock` and `path`, in a process of its own; answers how it ended. */
function inItsOwnProcess(path: string, code: string): Promise<number | string> {
  const whole = `
    import fs from "node:fs";
    import { withFileLock } from ${JSON.stringify(resolve("src/stores/disk/file-lock.ts"))};
    const path = ${JSON.stringify(path)};
    ${code}`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", whole], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return new Promise((done) => child.once("exit", (status, signal) => done(status ?? signal ?? "unknown")));
}

const present = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const holderNow = (path: string) => withFileLock(path, () => readlinkSync(`${path}.lock`));
const refused = expect.objectContaining({ code: "VAR_IN_USE" });

test("the lock is there while the work is done and gone after it, also when the work fails", () => {
  const path = join(tempDir(), "var", "counter");
  expect(withFileLock(path, () => present(`${path}.lock`))).toBe(true);
  expect(present(`${path}.lock`)).toBe(false);
  const fail = () => {
    throw new Error("no");
  };
  expect(() => withFileLock(path, fail)).toThrow("no");
  expect(present(`${path}.lock`)).toBe(false);
});

test("a holder that lives is waited for, however old its lock is", () => {
  const path = join(tempDir(), "counter");
  withFileLock(path, () => {
    lutimesSync(`${path}.lock`, 1_000, 1_000); // since 1970
    expect(() => withFileLock(path, () => "taken over", 30)).toThrow(refused);
    expect(present(`${path}.lock`)).toBe(true);
  });
});

test("the lock of an ended process is taken over, also when its pid lives again in another process", () => {
  const path = join(tempDir(), "counter");
  const earlier = holderNow(path).replace(/\d+$/, "1");
  const ended = holderNow(path).replace(/ \d+ (\d+)$/, " 4194305 $1"); // above the highest pid there can be
  for (const name of [earlier, ended]) {
    symlinkSync(name, `${path}.lock`);
    expect(withFileLock(path, () => "taken over")).toBe("taken over");
    expect(present(`${path}.lock`)).toBe(false);
  }
});

test("who ended while taking over a lock is taken over from as well", () => {
  const path = join(tempDir(), "counter");
  const earlier = holderNow(path).replace(/\d+$/, "1");
  for (const lock of [`${path}.lock`, `${path}.lock.lock`, `${path}.lock.lock.lock`]) symlinkSync(earlier, lock);
  expect(withFileLock(path, () => "taken over")).toBe("taken over");
  for (const lock of [`${path}.lock`, `${path}.lock.lock`, `${path}.lock.lock.lock`]) expect(present(lock)).toBe(false);
});

test("a lock that another is just taking over is left to it", () => {
  const path = join(tempDir(), "counter");
  const earlier = holderNow(path).replace(/\d+$/, "1");
  withFileLock(`${path}.lock`, () => {
    symlinkSync(earlier, `${path}.lock`);
    expect(() => withFileLock(path, () => "taken over", 30)).toThrow(refused);
    expect(readlinkSync(`${path}.lock`)).toBe(earlier);
  });
  expect(withFileLock(path, () => "taken over")).toBe("taken over");
});

test("a holder that cannot be seen from here is not taken to be gone, and is named", () => {
  const path = join(tempDir(), "counter");
  symlinkSync("another-machine pid:[1] 4194305 1", `${path}.lock`);
  expect(() => withFileLock(path, () => "taken over", 30)).toThrow(
    expect.objectContaining({ code: "VAR_IN_USE", message: expect.stringContaining("another-machine") }),
  );
  const file = join(tempDir(), "counter");
  writeFileSync(`${file}.lock`, ""); // a file that says nothing
  expect(() => withFileLock(file, () => "taken over", 30)).toThrow(refused);
});

test("four who find the lock of a killed process at once, and work under it in turn, count to 400", async () => {
  const path = join(tempDir(), "counter");
  writeFileSync(path, "0");
  const killed = await inItsOwnProcess(path, `withFileLock(path, () => process.kill(process.pid, "SIGKILL"));`);
  expect(killed).toBe("SIGKILL");
  expect(present(`${path}.lock`)).toBe(true);
  // each leaves ten locks behind that seem to be of a process long gone: there is much to take over
  const gone = holderNow(join(tempDir(), "other")).replace(/\d+$/, "1");
  const counting = `
    for (let i = 0; i < 100; i++) {
      withFileLock(path, () => {
        fs.writeFileSync(path, String(Number(fs.readFileSync(path, "utf8")) + 1));
      });
      if (i % 10 === 0) {
        try {
          fs.symlinkSync(${JSON.stringify(gone)}, path + ".lock");
        } catch {}
      }
    }`;
  expect(await Promise.all([1, 2, 3, 4].map(() => inItsOwnProcess(path, counting)))).toEqual([0, 0, 0, 0]);
  expect(Number(readFileSync(path, "utf8"))).toBe(400);
});
