import { spawn } from "node:child_process";
import { appendFileSync, chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { chainNames, openDiskAudit } from "../../../src/stores/disk/audit.ts";
import { lastLines } from "../../../src/stores/disk/last-lines.ts";
import { verifyAudit } from "../../../src/stores/disk/verify-audit.ts";
import { NOON } from "../../support/scoring.ts";
import { tempDir } from "../../support/temp-dir.ts";

const promote = { step: "asked", who: "3f9a01bc", what: "POST /v1/models/:name/promote" } as const;
const anna = { kind: "user", id: "anna@example.org" };

/** A folder with `chains` chains of four lines each (the first opens it), and its only file's path. */
async function filled(chains = 1, model = "fraud") {
  const folder = join(tempDir(), "audit");
  for (let i = 0; i < chains; i++) {
    const audit = openDiskAudit(folder, () => NOON + i * 1_000);
    await Promise.all([1, 2, 3].map((n) => audit.record({ ...promote, about: { model, version: `v${n}` } })));
    await audit.close();
  }
  const paths = (await chainNames(folder)).map((name) => join(folder, name));
  return { folder, paths };
}

test("what is recorded is there, in order, linked, and on disk when it is answered", async () => {
  const { folder, paths } = await filled();
  const lines = readFileSync(paths[0], "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).about?.version)).toEqual([undefined, "v1", "v2", "v3"]);
  expect(await verifyAudit(folder)).toEqual({ chains: 1, entries: 4, findings: [], torn: [] });
  expect((await openDiskAudit(folder).newest({ limit: 2 })).map(({ n }) => n)).toEqual([3, 2]);
  expect([statSync(paths[0]).mode & 0o777, statSync(folder).mode & 0o777]).toEqual([0o600, 0o700]);
});

test("any changed byte is found", async () => {
  const { folder, paths } = await filled();
  const good = readFileSync(paths[0]);
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const bad = Buffer.from(good);
      bad[at] ^= flip;
      writeFileSync(paths[0], bad);
      const { findings, torn, entries } = await verifyAudit(folder);
      expect(findings.length + torn.length, `byte ${at}`).toBeGreaterThan(0);
      expect(entries).toBeLessThan(4);
    }),
    { numRuns: 150 },
  );
});

test("lines that are taken out, exchanged or put in are found, with their number", async () => {
  const { folder, paths } = await filled();
  const [a, b, c, d] = readFileSync(paths[0], "utf8").trim().split("\n");
  const verdict = async (...lines: string[]) => {
    writeFileSync(paths[0], `${lines.join("\n")}\n`);
    return (await verifyAudit(folder)).findings.map(({ line }) => line);
  };
  expect(await verdict(a, b, c, d)).toEqual([]);
  expect(await verdict(a, c, d)).toEqual([2]);
  expect(await verdict(a, c, b, d)).toEqual([2]);
  expect(await verdict(a, b, c, c, d)).toEqual([4]);
  expect(await verdict(a, b, d)).toEqual([3]);
  expect(await verdict(a, b, c.replace("v2", "v1"), d)).toEqual([3]);
});

test("a chain that is gone, cut short or written anew is found by those that are younger", async () => {
  const cut = await filled(3);
  const lines = readFileSync(cut.paths[0], "utf8").trim().split("\n");
  writeFileSync(cut.paths[0], `${lines.slice(0, 2).join("\n")}\n`);
  expect((await verifyAudit(cut.folder)).findings[0]).toMatchObject({ line: 4, words: /was cut short/ });
  const gone = await filled(3);
  rmSync(gone.paths[1]);
  expect((await verifyAudit(gone.folder)).findings.map(({ words }) => words)).toEqual([
    expect.stringMatching(/is gone/),
  ]);
  const [one, other] = [await filled(2), await filled(2, "purchase")];
  writeFileSync(one.paths[0], readFileSync(other.paths[0])); // whole in itself, but not what was seen
  expect((await verifyAudit(one.folder)).findings[0].words).toMatch("was replaced");
});

test("a line that broke off is told apart from a changed one, and the next process goes on", async () => {
  const { folder, paths } = await filled();
  appendFileSync(paths[0], '{"n":4,"at":"2026');
  expect(await verifyAudit(folder)).toMatchObject({ entries: 4, findings: [], torn: [expect.any(String)] });
  const next = openDiskAudit(folder, () => NOON + 5_000);
  await next.record(promote);
  await next.close();
  expect(await verifyAudit(folder)).toMatchObject({ chains: 2, entries: 6, findings: [] });
});

test("a person is looked for by the salted digest, and named nowhere", async () => {
  const { folder } = await filled();
  const audit = openDiskAudit(folder, () => NOON);
  await audit.record({ step: "asked", who: "reader01", what: "GET /v1/portraits/:kind/:id", entity: anna });
  const found = await audit.newest({ limit: 10, entity: anna });
  expect(found.map(({ who, what }) => [who, what])).toEqual([["reader01", "GET /v1/portraits/:kind/:id"]]);
  expect(await audit.newest({ limit: 10, entity: { kind: "user", id: "bob" } })).toEqual([]);
  expect(await audit.newest({ limit: 10, who: "reader01" })).toHaveLength(1);
  await audit.close();
  for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name), "utf8")).not.toMatch(/anna|example/);
  const elsewhere = openDiskAudit(join(tempDir(), "audit"), () => NOON);
  await elsewhere.record({ ...promote, entity: anna });
  expect((await elsewhere.newest({ limit: 1 }))[0].subject).not.toBe(found[0].subject); // another salt
  await elsewhere.close();
});

test("what cannot be written down is refused by name, and taken again when there is room", async () => {
  const root = tempDir();
  const folder = join(root, "audit");
  writeFileSync(folder, "a file where the folder should be");
  const audit = openDiskAudit(folder, () => NOON);
  await expect(audit.record(promote)).rejects.toMatchObject({ code: "AUDIT_UNWRITABLE" });
  rmSync(folder);
  await audit.record(promote);
  expect(await verifyAudit(folder)).toMatchObject({ entries: 2, findings: [] });
  await audit.close();
  chmodSync(folder, 0o700);
});

test("processes that write at once, and one that is killed, leave chains that hold together", async () => {
  const folder = join(tempDir(), "audit");
  const code = `
    import { openDiskAudit } from ${JSON.stringify(resolve("src/stores/disk/audit.ts"))};
    const audit = openDiskAudit(${JSON.stringify(folder)});
    for (;;) {
      await Promise.all([1, 2, 3].map((n) => audit.record({ step: "asked", who: "k", what: "w" + n })));
      process.stdout.write("3");
    }`;
  const children = [1, 2].map(() =>
    spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  let acknowledged = 0;
  await Promise.all(
    children.map(
      (child) =>
        new Promise<void>((done) => {
          let here = 0;
          child.stdout.on("data", (chunk: Buffer) => {
            acknowledged += 3 * chunk.length;
            here += chunk.length;
            if (here > 20) child.kill("SIGKILL");
          });
          child.once("close", () => done());
        }),
    ),
  );
  const { entries, findings, chains } = await verifyAudit(folder);
  expect([findings, chains]).toEqual([[], 2]);
  expect(entries).toBeGreaterThanOrEqual(acknowledged + 2);
});

test("the last lines of a file are those that reading all of it gives, however long they are", async () => {
  const path = join(tempDir(), "lines");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(40_000), { maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      async (lengths, limit, torn) => {
        const lines = lengths.map((length, i) => `${i}${"é".repeat(length)}`);
        writeFileSync(path, lines.map((line) => `${line}\n`).join("") + (torn ? "half" : ""));
        expect(await lastLines(path, limit, () => true)).toEqual(lines.reverse().slice(0, limit));
      },
    ),
    { numRuns: 40 },
  );
});
