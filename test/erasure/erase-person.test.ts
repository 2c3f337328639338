import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Column } from "../../models/model.ts";
import { type EraseNeeds, type ErasePoint, erasePerson } from "../../src/erasure/erase-person.ts";
import { verifyErasure } from "../../src/erasure/verify-erasure.ts";
import type { EntityRef } from "../../src/events/event.ts";
import { createJoint } from "../../src/features/joint.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { checkReceipts } from "../../src/scoring/check.ts";
import { checkLinks, rootOf } from "../../src/scoring/receipt-chain.ts";
import { createReceiptIds } from "../../src/scoring/receipt-id.ts";
import { replayReceipt } from "../../src/scoring/replay-receipt.ts";
import { createScoreService } from "../../src/scoring/score.ts";
import { openDiskAudit } from "../../src/stores/disk/audit.ts";
import { certificatePath } from "../../src/stores/disk/certificates.ts";
import { verifyAudit } from "../../src/stores/disk/verify-audit.ts";
import { compactLake } from "../../src/stores/lake/compact-lake.ts";
import { openDuckDB, sqlText } from "../../src/stores/lake/duckdb.ts";
import { footerOf } from "../../src/stores/lake/part-footer.ts";
import { listWhole, readFooters } from "../../src/stores/lake/parts.ts";
import { listTombstones } from "../../src/stores/lake/tombstones.ts";
import { columnOf } from "../../src/stores/lake/typed-columns.ts";
import { createRedisKeptScores } from "../../src/stores/redis/kept-scores.ts";
import { createRedisQuarantine } from "../../src/stores/redis/quarantine.ts";
import { receiptKey } from "../../src/stores/redis/receipt-groups.ts";
import { createRedisReceipts } from "../../src/stores/redis/receipts.ts";
import { replayStates } from "../../src/stores/redis/replay-states.ts";
import { verifyStates } from "../../src/stores/redis/verify-states.ts";
import { filesNaming, keysNaming } from "../support/bytes-naming.ts";
import { allOf, anEvent, DAY, NOON } from "../support/events.ts";
import { useRedis } from "../support/redis.ts";
import { type RedisHouse, redisHouse } from "../support/redis-house.ts";
import { tinyScorer } from "../support/scoring.ts";
import { tempDir } from "../support/temp-dir.ts";
import { payingReducers } from "../support/touches.ts";

const server = useRedis();
const reducers = payingReducers();
const ZAPHOD = "zaphod-4711";
const zaphod: EntityRef = { kind: "user", id: ZAPHOD };

const options = (house: RedisHouse) => ({
  redis: house.redis,
  lake: house.lake,
  reducers,
  partitions: house.partitions,
  knownIdsMs: 7 * DAY,
});

/** A shop with all that an erasure needs, and a judge of payments whose receipts it gives. */
async function shop() {
  const house = await redisHouse(server.url, reducers, 3);
  const root = join(house.lakeDir, "..");
  const paths = { root, lake: house.lakeDir, artifacts: join(root, "artifacts"), audit: join(root, "audit") };
  const audit = openDiskAudit(paths.audit, () => NOON);
  onTestFinished(() => audit.close());
  const receipts = createRedisReceipts({ redis: house.redis, keepMs: 3_600_000, patienceMs: 10_000 });
  const quarantine = createRedisQuarantine({ redis: house.redis });
  const joint = createJoint(reducers, "user", reducers.kinds);
  const columns = joint.features.map(({ name }): Column => ({ name, type: "number" }));
  const weights = columns.map((_, i) => (i + 1) / 100);
  const scorer = tinyScorer({ name: "pays", columns, weights, catalogue: joint.digest });
  const service = createScoreService({
    clock: () => NOON,
    newId: createReceiptIds(Date.now),
    reducers,
    questions: [{ model: "pays", entity: "user", event: "Payment" }],
    states: house.states,
    receipts,
    champions: createChampionHolder(new Map([["pays", scorer]])),
  });
  const kept = createRedisKeptScores({ redis: house.redis, partitions: house.partitions });
  let erasures = 0;
  const needs: EraseNeeds = {
    redis: house.redis,
    partitions: house.partitions,
    paths,
    reducers,
    receipts,
    quarantine,
    keptScores: kept,
    audit,
    clock: () => NOON,
    newId: () => `e${++erasures}`,
  };
  const score = async (user: string, terminal: number) => {
    const event = { name: "Payment", properties: { amount: 3, terminal, card: `card of ${user}` } };
    const { receipt } = await service.score({ entity: "user", id: user, event });
    return receipt ?? "";
  };
  return { house, needs, receipts, quarantine, kept, scorer, score, paths };
}

/** Lets the column of a merged part name somebody whom its JSON does not, as an erasure that forgets it would. */
async function nameAgain(dir: string, property: string, id: string): Promise<() => void> {
  const db = await openDuckDB({ tempDir: tempDir(), memoryMb: 100, threads: 1 });
  const connection = await db.connect();
  const parts = await readFooters(connection, listWhole(dir));
  const part = parts.find(({ carried }) => carried?.typed.has(property));
  if (!part) throw new Error("no part has such a column");
  const before = readFileSync(part.file);
  const column = columnOf(property);
  const rows = `SELECT * REPLACE (coalesce(${column}, CASE name WHEN '$alias' THEN ${sqlText(id)} END) AS ${column})`;
  await connection.run(
    `COPY (${rows} FROM read_parquet(${sqlText(part.file)})) TO ${sqlText(`${part.file}.tmp`)} (FORMAT parquet, ${footerOf(part)})`,
  );
  renameSync(`${part.file}.tmp`, part.file);
  connection.closeSync();
  db.closeSync();
  return () => writeFileSync(part.file, before);
}

let sent = 0;
const pay = (user: string, terminal: number) =>
  anEvent({
    id: `m${++sent}`,
    user,
    name: "Payment",
    at: NOON - DAY,
    properties: { amount: 2, terminal, card: `card of ${user}`, email: `${user}@example.org` },
  });

test("nothing of a person is left in any byte, and nobody else loses anything", async () => {
  const { house, needs, receipts, quarantine, kept, scorer, score, paths } = await shop();
  const worker = await house.work({ flushMs: 30 });
  const alias = (previous: string) =>
    anEvent({ user: "trillian", name: "$alias", properties: { previous_id: previous } });
  await house.log.append([pay(ZAPHOD, 1), pay("trillian", 1), alias(ZAPHOD)]);
  await worker.idle();
  await house.log.append([pay(ZAPHOD, 2), alias("tricia")]);
  await worker.idle();
  await worker.idle();
  // merged parts hold what he was called in columns of their own, too; what was merged is still there
  expect(await compactLake({ dir: paths.lake, whole: true })).toMatchObject({ merged: 2, rows: 5 });
  await quarantine.put([
    { event: pay(ZAPHOD, 1), reason: "too much" },
    { event: pay("ford", 1), reason: "too little" },
    { event: alias(ZAPHOD), reason: "too late" },
  ]);
  const score1 = { probability: 0.5, band: "high", version: "v1", at: NOON };
  await kept.write("pays", [{ entity: zaphod, score: score1 }]);
  mkdirSync(join(paths.root, "scores"));
  const table = join(paths.root, "scores", "pays.csv");
  writeFileSync(table, `entity,score\n${ZAPHOD},0.5\ntrillian,0.25\n`);
  const [his, hers, her2] = [await score(ZAPHOD, 1), await score("trillian", 1), await score("ford", 2)];
  const needed = { receipts, scorerOf: async () => scorer };
  const before = await replayReceipt(hers, needed);
  const [, dir] = (await house.redis.config("GET", "dir")) as string[];
  expect((await keysNaming(house.redis, ZAPHOD)).length).toBeGreaterThan(3);
  expect((await filesNaming(paths.root, ZAPHOD)).length).toBeGreaterThan(1);
  expect((await filesNaming(dir, ZAPHOD)).length).toBeGreaterThan(0);

  const certificate = await erasePerson(zaphod, { who: "k3y" }, needs);
  expect(certificate).toMatchObject({
    id: "e1",
    kind: "user",
    by: "k3y",
    resumed: false,
    gone: {
      states: 1,
      rows: 0,
      nobodys: 2,
      redacted: 1,
      scores: 1,
      receipts: 1,
      quarantined: 2,
      tables: 1,
      tableRows: 1,
    },
  });
  expect(await house.states.read([zaphod])).toEqual([undefined]);
  expect(readFileSync(table, "utf8")).toBe("entity,score\ntrillian,0.25\n");
  expect((await quarantine.list({ limit: 9 })).map(({ event }) => event.entity.id)).toEqual(["ford"]);

  // his card is another entity, that its own erasure takes
  await erasePerson({ kind: "card", id: `card of ${ZAPHOD}` }, { who: "k3y" }, needs);
  expect(await keysNaming(house.redis, ZAPHOD)).toEqual([]);
  expect(await filesNaming(paths.root, ZAPHOD)).toEqual([]);
  expect(certificate.until.split(" ").every((line) => /^\d+\/\d+-\d+-\d{1,9}$/.test(line))).toBe(true);
  expect(await filesNaming(dir, ZAPHOD)).toEqual([]);

  await expect(replayReceipt(his, needed)).rejects.toMatchObject({ code: "ERASED" });
  expect(await replayReceipt(hers, needed)).toEqual(before);
  for (const chain of await receipts.chains()) {
    for await (const links of receipts.links(chain))
      expect(checkLinks({ number: -1, link: rootOf(chain) }, links)).toBeUndefined();
  }
  // hers were made from terminals at which he paid too: they still follow from the log, to the last bit
  const lake = { receipts, lake: house.lake, reducers, scorerOf: async () => scorer };
  expect(await checkReceipts(10, lake)).toMatchObject({ receipts: 2, equal: 2, mismatched: [], notYetInLake: 0 });
  expect((await receipts.latest(9)).sort()).toEqual([hers, her2].sort());
  const all = await verifyStates(options(house));
  expect(all).toMatchObject({ entities: 4, equal: 4, different: 0, missing: 0, extra: 0 });
  await worker.close();
  await replayStates(options(house));
  expect(await house.states.read([zaphod])).toEqual([undefined]);

  // verified by the digest of his name alone; what has come since is a new life
  const verify = () => verifyErasure(certificate, needs);
  expect(await verify()).toEqual({ ok: true, inAudit: true, back: {}, since: {} });
  const putBack = await nameAgain(paths.lake, "previous_id", ZAPHOD);
  expect(await verify()).toMatchObject({ ok: false, back: { rows: 1 } });
  putBack();
  const again = await house.work({ flushMs: 10 });
  await house.log.append([pay(ZAPHOD, 1)]);
  await again.idle();
  writeFileSync(table, `entity,score\n${ZAPHOD},0.5\n`);
  expect(await verify()).toMatchObject({ ok: false, back: { tables: 1 }, since: { rows: 1, states: 1 } });

  const written = readFileSync(certificatePath(paths.audit, "e1"), "utf8");
  expect(JSON.parse(written)).toEqual(certificate);
  expect((await verifyAudit(paths.audit)).findings).toEqual([]);
  const about = await openDiskAudit(paths.audit).newest({ limit: 9, entity: zaphod });
  expect(about.map(({ step, what, about }) => [step, what, about])).toEqual([
    ["done", "erasure", { erasure: "e1", certificate: certificate.digest }],
    ["asked", "erasure", { erasure: "e1" }],
  ]);
});

const POINTS: ErasePoint[] = [
  ...["after-log", "before-part-rename", "after-part-rename", "after-lake", "after-receipts"],
  ...["after-quarantine", "before-certificate"],
] as ErasePoint[];

test("an erasure that dies at any narrow place is ended by another, and none brings anything back", async () => {
  const { house, needs, receipts, quarantine, score, paths } = await shop();
  const worker = await house.work({ flushMs: 10 });
  const his: string[] = [];
  for (const point of POINTS) {
    await house.log.append([pay(ZAPHOD, 1), pay("trillian", 1), pay(ZAPHOD, 1)]);
    await quarantine.put([{ event: pay(ZAPHOD, 1), reason: "too much" }]);
    his.push(await score(ZAPHOD, 1));
    const fault = (at: ErasePoint) => {
      if (at === point) throw new Error(`died ${at}`);
    };
    await expect(erasePerson(zaphod, { who: "k3y" }, { ...needs, fault })).rejects.toThrow(`died ${point}`);
    // an erasure that has not come to the lake yet holds all the same
    if (point === "after-log") expect(await allOf(house.lake, { kind: "user", entities: [zaphod] })).toEqual([]);
  }
  const certificate = await erasePerson(zaphod, { who: "k3y" }, needs);
  expect(certificate).toMatchObject({ resumed: false, gone: { states: 0, nobodys: 0, receipts: 0, quarantined: 0 } });
  expect(listTombstones(paths.lake)).toEqual([]);
  expect(await Promise.all(his.map((id) => receipts.open(id)))).toEqual(POINTS.map(() => "erased"));
  expect(await keysNaming(house.redis, `user:${ZAPHOD}`)).toEqual([]);
  expect(await allOf(house.lake, { kind: "user", entities: [zaphod] })).toEqual([]);
  await worker.idle();
  const found = await verifyStates(options(house));
  expect(found).toMatchObject({ entities: 4, equal: 4 }); // she, the terminal and two cards
  const steps = (await openDiskAudit(paths.audit).newest({ limit: 99 })).map(({ step }) => step);
  expect(steps.filter((step) => step === "failed")).toHaveLength(POINTS.length);
});

test("he may come back: what happens during and after an erasure is a new life, and is counted whole", async () => {
  const { house, needs, score } = await shop();
  const worker = await house.work({ flushMs: 10 });
  await worker.idle();
  await house.redis.set(receiptKey(await score("ford", 1)), Buffer.of(2, 7)); // a damaged receipt holds nobody up
  let going = true;
  const stream = (async () => {
    while (going) {
      await house.log.append([pay(ZAPHOD, 1), pay("ford", 1)]);
      await sleep(2);
    }
  })();
  await sleep(100);
  for (let i = 0; i < 2; i++) {
    const { remains } = await erasePerson(zaphod, { who: "k3y" }, needs);
    expect(remains.filter(({ place }) => place === "receipts").map(({ why }) => why[0])).toEqual(["1"]);
  }
  await sleep(50);
  going = false;
  await stream;
  await worker.idle();
  await worker.idle();
  const found = await verifyStates(options(house));
  expect(found).toMatchObject({ different: 0, missing: 0, extra: 0, ahead: 0, behind: 0 });
  expect(found.equal).toBe(found.entities);
  expect((await house.states.read([zaphod]))[0]).toBeDefined();
});

test("without a worker nothing is begun, and it says so", async () => {
  const { house, needs } = await shop();
  await house.log.append([pay(ZAPHOD, 1)]);
  await expect(erasePerson(zaphod, { who: "k3y" }, needs)).rejects.toMatchObject({ code: "WORKER_AWAY", retry: true });
});
