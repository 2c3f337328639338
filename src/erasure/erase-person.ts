import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { AuditLog } from "../audit/audit-log.ts";
import { PortraitError } from "../errors.ts";
import { type EntityRef, sameEntity } from "../events/event.ts";
import type { Quarantine } from "../events/quarantine.ts";
import { extendReach, NO_REACH, type Reach, reachText } from "../events/reach.ts";
import type { Reducers } from "../features/reducers.ts";
import type { KeptScores } from "../portraits/kept-scores.ts";
import type { ReceiptStore } from "../scoring/receipt.ts";
import { subjectOfFolder } from "../stores/disk/audit.ts";
import { keepCertificate } from "../stores/disk/certificates.ts";
import { type EraseRowsOptions, eraseRows, type RowsErased } from "../stores/lake/erase-rows.ts";
import { listTombstones, removeTombstone, type Tombstone } from "../stores/lake/tombstones.ts";
import { eraseEntity } from "../stores/redis/erase-entity.ts";
import { type DiskOfRedis, repackStream, rewriteAppendOnly } from "../stores/redis/forget-bytes.ts";
import { logKey } from "../stores/redis/keys.ts";
import { QUARANTINE_KEY } from "../stores/redis/quarantine.ts";
import { receiptIsAbout } from "./about-person.ts";
import { type Certificate, sealCertificate } from "./certificate.ts";
import { eraseTables } from "./erase-tables.ts";
import { artifactsNaming } from "./find-in-artifacts.ts";
import { propertiesNaming } from "./redact-event.ts";

/** The narrow places of an erasure beside those of the worker and of the lake; tests end it there. */
export const ERASE_POINTS = [
  "after-log",
  "after-lake",
  "after-receipts",
  "after-quarantine",
  "before-certificate",
] as const;
export type ErasePoint = (typeof ERASE_POINTS)[number] | Parameters<NonNullable<EraseRowsOptions["fault"]>>[0];

export interface EraseNeeds {
  readonly redis: Redis;
  readonly partitions: number;
  /** The var folder, and what lies in it. */
  readonly paths: { readonly root: string; readonly lake: string; readonly artifacts: string; readonly audit: string };
  readonly reducers: Reducers;
  readonly receipts: Pick<ReceiptStore, "scan" | "erase">;
  readonly quarantine: Quarantine;
  /** What scoring whole populations wrote back. */
  readonly keptScores: Pick<KeptScores, "read" | "forget">;
  readonly audit: Pick<AuditLog, "record">;
  /** ms since 1970 UTC */
  readonly clock: () => number;
  readonly newId: () => string;
  /** Share between 0 and 1, and what is being done. */
  readonly onProgress?: (done: number, note?: string) => void;
  /** How long to wait for a compaction of the lake: 10 min. */
  readonly patienceMs?: number;
  readonly fault?: (point: ErasePoint) => Promise<void> | void;
}

/** Who asked for it. */
export interface AskedBy {
  readonly who: string;
  readonly request?: string;
  /** Names the erasure; absent = a new name. */
  readonly id?: string;
}

/**
 * Erases one entity: its state, its events in streams and lake, its receipts, what waits of it in quarantine, its rows
 * in tables made from the log; and answers a certificate, which is kept beside the audit and named in it.
 *
 * Every step may be done again: an erasure that ended half way is ended by another one of the same entity. Events that
 * come later begin a new life. Runs beside workers, servers and readers. Cost: one reading of the lake's kinds, entities
 * and properties, one of all receipts, and the parts written again that held the entity.
 *
 * @throws PortraitError WORKER_AWAY, VAR_IN_USE, LAKE_BROKEN, REDIS_AWAY, REDIS_FULL, AUDIT_UNWRITABLE
 */
export async function erasePerson(entity: EntityRef, asked: AskedBy, needs: EraseNeeds): Promise<Certificate> {
  const { redis, partitions, paths, audit, clock, onProgress, fault } = needs;
  const { who, request, id = needs.newId() } = asked;
  const act = { who, what: "erasure", entity, ...(request !== undefined && { request }) };
  await audit.record({ ...act, step: "asked", about: { erasure: id } });
  try {
    onProgress?.(0, "the log");
    const ofEntity = () => listTombstones(paths.lake).filter((one) => sameEntity(one.entity, entity));
    const resumed = ofEntity().length > 0;
    const untilOf = (erasure: string) => ofEntity().find((one) => one.erasure === erasure)?.until;
    await eraseEntity({ redis, partitions, untilOf }, id, entity);
    await fault?.("after-log");
    onProgress?.(0.2, "the lake");
    const tombstones = ofEntity();
    const until = tombstones.reduce(reachOf, NO_REACH);
    const states = tombstones.reduce((sum, one) => sum + one.states, 0);
    const { removed, kept, ...lake } = await rowsOf({ entity, until }, needs);
    for (const { erasure } of tombstones) removeTombstone(paths.lake, erasure);
    await fault?.("after-lake");
    onProgress?.(0.7, "receipts");
    const scores = await needs.keptScores.forget(entity);
    const { receipts, broken } = await eraseReceipts(entity, needs);
    await fault?.("after-receipts");
    onProgress?.(0.85, "quarantine and tables");
    const quarantined = await eraseQuarantined(entity, needs);
    await fault?.("after-quarantine");
    const tables = await eraseTables(paths.root, entity);
    onProgress?.(0.9, "the files of Redis");
    await repackStream(redis, QUARANTINE_KEY, MOST_QUARANTINED);
    for (let partition = 0; partition < partitions; partition++)
      await repackStream(redis, logKey(partition), MOST_LOGGED);
    const disk = await rewriteAppendOnly(redis);
    await fault?.("before-certificate");
    const certificate = sealCertificate({
      format: 1,
      id,
      at: new Date(clock()).toISOString(),
      kind: entity.kind,
      subject: (await subjectOfFolder(paths.audit))(entity),
      by: who,
      gone: { states, rows: removed, nobodys: kept, ...lake, scores, receipts, quarantined, ...tables },
      until: reachText(until),
      resumed,
      remains: remainsOf(disk, broken, artifactsNaming(paths.artifacts, entity.id)),
    });
    keepCertificate(paths.audit, certificate);
    await audit.record({ ...act, step: "done", about: { erasure: id, certificate: certificate.digest } });
    onProgress?.(1);
    return certificate;
  } catch (error) {
    const code = error instanceof PortraitError ? error.code : "INTERNAL";
    if (code !== "AUDIT_UNWRITABLE") await audit.record({ ...act, step: "failed", code, about: { erasure: id } });
    throw error;
  }
}

/** What is copied in one go: the quarantine holds no more, and a log of more is trimmed soon. */
const MOST_QUARANTINED = 20_000;
const MOST_LOGGED = 1_000;

const reachOf = (reach: Reach, { until }: Tombstone): Reach =>
  until.reduce((sum, { partition, position }) => extendReach(sum, partition, position), reach);

async function rowsOf(tombstone: Pick<Tombstone, "entity" | "until">, needs: EraseNeeds): Promise<RowsErased> {
  const { paths, reducers, clock, patienceMs = 600_000, fault } = needs;
  const patient = clock() + patienceMs;
  for (;;) {
    try {
      return await eraseRows({ dir: paths.lake, tombstone, reducers, now: clock, ...(fault && { fault }) });
    } catch (error) {
      const busy = error instanceof PortraitError && error.code === "VAR_IN_USE";
      if (!busy || clock() > patient) throw error;
      await sleep(250);
    }
  }
}

async function eraseReceipts(
  entity: EntityRef,
  { receipts, reducers }: EraseNeeds,
): Promise<{ readonly receipts: number; readonly broken: number }> {
  const done = { receipts: 0, broken: 0 };
  for await (const page of receipts.scan(() => done.broken++)) {
    const about = page.filter((receipt) => receiptIsAbout(receipt, entity, reducers.kinds));
    if (about.length > 0) done.receipts += await receipts.erase(about.map(({ id }) => id));
  }
  return done;
}

const PAGE = 500;

/** What he did, and what others did that names him. */
async function eraseQuarantined(entity: EntityRef, { quarantine, reducers }: EraseNeeds): Promise<number> {
  let gone = await quarantine.forget(entity);
  for (let after: string | undefined; ; ) {
    const page = await quarantine.list({ limit: PAGE, ...(after !== undefined && { after }) });
    const naming = page.filter(({ event }) => propertiesNaming(entity, event, reducers.kinds).length > 0);
    if (naming.length > 0) gone += await quarantine.remove(naming.map(({ id }) => id));
    if (page.length < PAGE) return gone;
    after = page[page.length - 1].id;
  }
}

function remainsOf(disk: DiskOfRedis, broken: number, artifacts: readonly string[]): Certificate["remains"] {
  const remains = [
    { place: "back-ups", why: "copies made before are kept by the operator; what is restored is to be erased again" },
    { place: "exports", why: "what was given to others, and files outside of the var folder" },
    { place: "receipt chains", why: "salted digests of receipts whose salts are gone: they say nothing of anybody" },
    { place: "models", why: "what they learned from many; no row of anybody is in them" },
    { place: "audit", why: "who asked for what, about a keyed digest" },
  ];
  if (disk === "refused")
    remains.push({ place: "files of Redis", why: "it does not let them be written anew by us; ask its operator" });
  if (broken > 0)
    remains.push({ place: "receipts", why: `${broken} are damaged: nobody can read whom they are about` });
  for (const place of artifacts)
    remains.push({ place: `artifacts/${place}`, why: "holds the same text as a category, whoever it came from" });
  return remains;
}
