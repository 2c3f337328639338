import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkMachine, checkNode, checkTensorFlow, checkVarFolder } from "../../src/cli/doctor/checks.ts";
import { atLeast, type Finding } from "../../src/cli/doctor/finding.ts";
import { wayToRedis } from "../../src/cli/doctor/install-redis.ts";
import { PORTRAIT } from "../support/main.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Runs the doctor in a world of its own: this PATH, this var folder, nothing else. */
function doctor(env: Record<string, string>, ...args: string[]) {
  return new Promise<{ code: number; out: string; err: string }>((done) => {
    execFile(
      process.execPath,
      [...PORTRAIT, "doctor", ...args],
      { env: { HOME: "/tmp", NO_COLOR: "1", ...env } },
      (error, out, err) => done({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

const program = (dir: string, name: string, text: string) => {
  writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(dir, name), 0o755);
};

/** A folder for PATH that holds a shell and nothing else. */
function bareBin(): string {
  const bin = join(tempDir(), "bin");
  mkdirSync(bin);
  for (const name of ["sh", "cat", "chmod"]) symlinkSync(`/bin/${name}`, join(bin, name));
  return bin;
}

test("versions are compared part by part, not as text", () => {
  expect(atLeast("v20.19.0", "20.19")).toBe(true);
  expect(atLeast("20.9.5", "20.19")).toBe(false);
  expect(atLeast("7.0.15", "6.2")).toBe(true);
  expect(atLeast("6.0.16", "6.2")).toBe(false);
  expect(atLeast("10.0", "9.9.9")).toBe(true);
});

test("a Node that is too old is missing, with where to get another", () => {
  expect(checkNode("v20.18.3")).toMatchObject({ state: "missing", found: "v20.18.3, wanted 20.19 or newer" });
  expect(checkNode("v24.0.0").state).toBe("ok");
});

test("a small machine is warned of, not refused", () => {
  expect(checkMachine(1, 1024 ** 3)).toMatchObject({ state: "warn", found: "1 core, 1.0 GiB of memory" });
});

test("native TensorFlow.js is named when it is there, WebAssembly otherwise, and neither is an error", () => {
  const only = (name: string) => (asked: string) => {
    if (!asked.startsWith(name)) throw new Error("not found");
  };
  expect(checkTensorFlow(() => {}).found).toBe("native (tfjs-node)");
  expect(checkTensorFlow(only("@tensorflow/tfjs-backend-wasm")).found).toBe("WebAssembly");
  expect(checkTensorFlow(only("nothing")).state).toBe("missing");
});

test("a var folder that lies inside a file is missing", () => {
  const file = join(tempDir(), "file");
  writeFileSync(file, "");
  expect(checkVarFolder(join(file, "var"))).toMatchObject({ name: "Var folder", state: "missing" });
});

describe("how Redis comes onto the machine", () => {
  test.each([
    ["apt-get", true, "apt-get update && apt-get install -y redis-server", true],
    ["apt-get", false, "sudo apt-get update && sudo apt-get install -y redis-server", false],
    ["brew", false, "brew install redis", true],
    ["dnf", false, "sudo dnf install -y redis", false],
    ["apk", true, "apk add redis", false],
  ])("with %s, root %s: %s", (has, root, line, itself) => {
    const way = wayToRedis((name) => name === has, root);
    expect(way.line).toBe(line);
    expect(way.steps !== undefined).toBe(itself);
  });
});

test("on a machine that has all, it says so and ends with 0", async () => {
  const { code, out } = await doctor({ PATH: process.env.PATH ?? "", PORTRAIT_VAR: tempDir() }, "--json");
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] };
  expect({ ok, code }).toEqual({ ok: true, code: 0 });
  expect(findings.find(({ name }) => name === "redis-server")?.state).toBe("ok");
});

test("without redis-server and without a way to get it, it prints the line that mends it and ends with 1", async () => {
  const bin = bareBin();
  program(bin, "dnf", "exit 0");
  const { code, out } = await doctor({ PATH: bin, PORTRAIT_VAR: tempDir() });
  expect(code).toBe(1);
  expect(out).toContain("✘ redis-server           not installed");
  expect(out).toMatch(/→ (sudo )?dnf install -y redis/);
});

test.skipIf(process.getuid?.() !== 0)("as root with apt it installs redis-server, updating once", async () => {
  const bin = bareBin();
  const diary = join(bin, "diary");
  program(
    bin,
    "apt-get",
    `echo "$@ as $DEBIAN_FRONTEND" >> ${diary}
case "$*" in *install*) printf '#!/bin/sh\\necho Redis server v=7.0.15 sha=0\\n' > ${bin}/redis-server; chmod +x ${bin}/redis-server;; esac`,
  );
  const { code, out } = await doctor({ PATH: bin, PORTRAIT_VAR: tempDir() });
  expect({ code, redis: /redis-server +(\S+)/.exec(out)?.[1] }).toEqual({ code: 0, redis: "7.0.15" });
  expect(readFileSync(diary, "utf8").trim().split("\n")).toEqual([
    "-o DPkg::Lock::Timeout=120 update as noninteractive",
    "-o DPkg::Lock::Timeout=120 install -y redis-server as noninteractive",
  ]);
});

test("--no-install changes nothing", async () => {
  const bin = bareBin();
  program(bin, "apt-get", `echo called > ${bin}/diary`);
  const { code } = await doctor({ PATH: bin, PORTRAIT_VAR: tempDir() }, "--no-install");
  expect({ code, called: existsSync(join(bin, "diary")) }).toEqual({ code: 1, called: false });
});
