import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { backUp } from "../../src/stores/backup.ts";
import { createDiskArtifacts } from "../../src/stores/disk/artifacts.ts";
import { loadDeclarations, reducersOf } from "../../src/stores/disk/declarations.ts";
import { constantArtifact } from "../support/constant-artifact.ts";
import { ask, portrait } from "../support/portrait-process.ts";
import { tempDir } from "../support/temp-dir.ts";

/** The commands of a block of docs/operations.md, without what is said beside them. */
function block(name: string): string[] {
  const text = readFileSync("docs/operations.md", "utf8");
  const found = new RegExp(`\`\`\`sh ${name}\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1] ?? "";
  return found
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "");
}

async function varWithPurchase(): Promise<string> {
  const root = join(tempDir(), "var");
  const artifacts = createDiskArtifacts(join(root, "artifacts"));
  const { digest } = reducersOf(loadDeclarations(undefined)).of("user");
  const source = {
    type: "recipe" as const,
    recipe: "purchase",
    digest: "0".repeat(64),
    entity: "user",
    catalogue: digest,
    log: { from: 0, until: 0, events: 0 },
  };
  await artifacts.save(
    constantArtifact({ model: "purchase", source, columns: [{ name: "orders_30d", type: "number", unit: "orders" }] }),
  );
  await artifacts.promote("purchase", "v1", "first");
  return root;
}

const json = async (res: Promise<Response>) => (await (await res).json()) as Record<string, unknown>;

test("what docs/operations.md says of back-up and restore works, with events coming in meanwhile", async () => {
  const root = await varWithPurchase();
  const backup = join(tempDir(), "monday");
  const restored = join(tempDir(), "restored");
  const env = { PORTRAIT_VAR: root, PORTRAIT_FLUSH_MS: "200" };
  const up = portrait(["up", "--json"], env);
  const url = String((await up.hear("portrait is up")).url);
  let sent = 0;
  const track = async (at: string) => {
    const userId = `u${sent++ % 20}`;
    const body = {
      userId,
      messageId: `m${sent}`,
      event: "Order Completed",
      properties: { order_id: `o${sent}`, revenue: 5 },
    };
    expect((await ask(at, "POST", "/v1/track", body)).status).toBe(200);
  };
  const scored = (at: string, id: string) => json(ask(at, "POST", "/v1/score", { id, models: ["purchase"] }));
  for (let i = 0; i < 40; i++) await track(url);
  await expect.poll(async () => (await scored(url, "u19")).receipt, { timeout: 60_000 }).toBeDefined();
  const { receipt } = await scored(url, "u1");
  let running = true;
  const meanwhile = (async () => {
    while (running) await track(url);
  })();

  expect(block("backup")).toEqual(["portrait backup $BACKUP"]);
  const copying = portrait(["backup", backup, "--json"], env);
  expect(await copying.ended).toBe(0);
  expect(JSON.parse(copying.out())).toMatchObject({ folder: backup, redis: "private" });
  running = false;
  await meanwhile;
  await up.end();

  const [copied, exported, ...commands] = block("restore");
  expect([copied, exported]).toEqual(["cp -a $BACKUP $RESTORED", "export PORTRAIT_VAR=$RESTORED"]);
  expect(commands).toEqual(["portrait replay", "portrait up &", "portrait check", "portrait audit verify"]);
  cpSync(backup, restored, { recursive: true, preserveTimestamps: true });
  const there = { ...env, PORTRAIT_VAR: restored };
  const replay = portrait(["replay", "--json"], there);
  expect(await replay.ended, replay.out()).toBe(0);
  const again = portrait(["up", "--json"], there);
  const at = String((await again.hear("portrait is up")).url);
  for (let i = 0; i < 20; i++) await scored(at, `u${i}`); // receipts from the states as they are now
  await track(at);
  expect(await json(ask(at, "GET", `/v1/receipts/${receipt}`))).toMatchObject({ id: receipt });
  // each of the forty that were acknowledged before is there once
  const portraits = await Promise.all(
    Array.from({ length: 20 }, (_, i) => json(ask(at, "GET", `/v1/portraits/user/u${i}`))),
  );
  const orders = portraits.map(({ values }) => Number((values as Record<string, unknown>).orders_30d));
  expect(Math.min(...orders)).toBeGreaterThanOrEqual(2);
  expect(orders.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(sent);

  const check = portrait(["check", "--json"], there);
  expect(await check.ended).toBe(0);
  const found = JSON.parse(check.out()) as { scores: number; equal: number; mismatched: number };
  expect([found.mismatched, found.equal > 0]).toEqual([0, true]);
  const verify = portrait(["audit", "verify", "--json"], there);
  expect(await verify.ended).toBe(0);
  expect(JSON.parse(verify.out())).toMatchObject({ ok: true });
  await again.end();
});

test("a folder that holds something is refused, and what is being written aside is left", async () => {
  const root = tempDir();
  const to = join(tempDir(), "copy");
  mkdirSync(join(root, "lake"), { recursive: true });
  for (const name of ["part.parquet", "part.x.tmp"]) writeFileSync(join(root, "lake", name), name);
  writeFileSync(join(root, "keys.json"), "{}");
  expect(await backUp(root, undefined, to)).toEqual({ files: 2, bytes: 14, redis: "none" });
  expect(existsSync(join(to, "lake", "part.x.tmp"))).toBe(false);
  await expect(backUp(root, undefined, to)).rejects.toMatchObject({ code: "INPUT_INVALID" });
});
