import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { comparePositions, type Position, parsePosition } from "../events/position.ts";
import { readStored } from "../features/stored-value.ts";
import { statesOf } from "../scoring/recompute.ts";
import { chainNames, subjectOfFolder } from "../stores/disk/audit.ts";
import { lastLines } from "../stores/disk/last-lines.ts";
import { openDuckDB, sqlList, sqlText } from "../stores/lake/duckdb.ts";
import { listWhole, type Part, readFooters } from "../stores/lake/parts.ts";
import { columnOf, pointerTo } from "../stores/lake/typed-columns.ts";
import { scanKeys, stateKeys } from "../stores/redis/state-keys.ts";
import type { Certificate } from "./certificate.ts";
import type { EraseNeeds } from "./erase-person.ts";
import { columnsOf, tablesBelow } from "./erase-tables.ts";
import { NAMED_BY_CALLS } from "./redact-event.ts";

/** What a look for an erased entity found, counted by place. */
export interface ErasureVerdict {
  readonly ok: boolean;
  /** Whether the audit says that this very certificate was given. */
  readonly inAudit: boolean;
  /** What was known before the erasure, and is there again: empty when all is well. */
  readonly back: Readonly<Record<string, number>>;
  /** What became known of the entity since: a new life. */
  readonly since: Readonly<Record<string, number>>;
}

/**
 * Looks for an erased entity everywhere, by the digest of its name alone: every name of its kind in lake, states, receipts,
 * quarantine and tables is digested with the salt of this audit.
 *
 * Cost: one reading of the names in the lake and of all receipts; some 1 µs for each different name.
 */
export async function verifyErasure(
  certificate: Certificate,
  needs: Pick<EraseNeeds, "redis" | "paths" | "reducers" | "keptScores" | "receipts" | "quarantine">,
): Promise<ErasureVerdict> {
  const { paths, redis, keptScores, receipts, quarantine, reducers } = needs;
  const { kind, subject, digest } = certificate;
  const subjectOf = await subjectOfFolder(paths.audit);
  const isHim = (id: string) => subjectOf({ kind, id }) === subject;
  const until = untilOf(certificate.until);
  const at = Date.parse(certificate.at);
  const found = { back: {} as Record<string, number>, since: {} as Record<string, number> };
  const note = (when: "back" | "since", place: string, count = 1) => {
    if (count > 0) found[when][place] = (found[when][place] ?? 0) + count;
  };
  const isBefore = (partition: number, position: Position) => {
    const end = until.get(partition);
    return end !== undefined && comparePositions(position, end) <= 0;
  };

  const db = await openDuckDB({ tempDir: join(paths.root, "tmp"), memoryMb: 512, threads: 1 });
  const connection = await db.connect();
  try {
    for (const { id, before, after } of await namesInLake(connection, paths.lake, kind, reducers.kinds, until)) {
      if (!isHim(id)) continue;
      note("back", "rows", before);
      note("since", "rows", after);
    }
    for (const file of tablesBelow(paths.root))
      for (const [id, rows] of await namesInTable(connection, file, kind)) if (isHim(id)) note("back", "tables", rows);
  } finally {
    connection.closeSync();
    db.closeSync();
  }
  for await (const page of stateKeys(redis))
    for (const { key, entity } of page) {
      if (entity.kind !== kind || !isHim(entity.id)) continue;
      const value = await redis.getBuffer(key);
      const reach = value ? readStored(value).reach : [];
      const old = reach.length > 0 && reach.every(({ partition, position }) => isBefore(partition, position));
      note(old ? "back" : "since", "states");
    }
  for await (const keys of scanKeys(redis, "scores:{p*}:*"))
    for (const key of keys) {
      const [, id] = new RegExp(`^scores:\\{p\\d+\\}:${kind}:(.*)$`, "s").exec(key) ?? [];
      if (id === undefined || !isHim(id)) continue;
      for (const score of Object.values(await keptScores.read({ kind, id })))
        note(score.at <= at ? "back" : "since", "scores");
    }
  for await (const page of receipts.scan(() => note("since", "unreadable receipts")))
    for (const receipt of page)
      if (statesOf(receipt).some(({ entity }) => entity.kind === kind && isHim(entity.id)))
        note(receipt.at <= at ? "back" : "since", "receipts");
  for (const one of await quarantine.list({ limit: 100_000 }))
    if (one.event.entity.kind === kind && isHim(one.event.entity.id))
      note(one.at <= at ? "back" : "since", "quarantine");

  const inAudit = await auditHolds(paths.audit, digest);
  return { ok: inAudit && Object.keys(found.back).length === 0, inAudit, ...found };
}

/** "3/1700000000000-0-9 5/…" → by partition. */
const untilOf = (text: string): Map<number, Position> =>
  new Map(
    text.split(" ").flatMap((line) => {
      const [partition, place] = line.split("/");
      const position = parsePosition(place ?? "");
      return position ? [[Number(partition), position]] : [];
    }),
  );

interface NameInLake {
  readonly id: string;
  readonly before: number;
  readonly after: number;
}

/** Every name of a kind in the files of the lake as they are, with how many of its rows were known before and after. */
async function namesInLake(
  connection: DuckDBConnection,
  dir: string,
  kind: string,
  kinds: readonly { readonly name: string; readonly from: string }[],
  until: ReadonlyMap<number, Position>,
): Promise<NameInLake[]> {
  const parts = await readFooters(connection, listWhole(dir));
  if (parts.length === 0) return [];
  const rows = `read_parquet(${sqlList(parts.map(({ file }) => file))})`;
  const lines = [...until].map(
    ([partition, { ms, seq, index }]) =>
      `(partition = ${partition} AND (ms < ${ms} OR (ms = ${ms} AND (seq < ${seq} OR (seq = ${seq} AND idx <= ${index})))))`,
  );
  const before = lines.length > 0 ? `(${lines.join(" OR ")})` : "false";
  const named = kinds
    .filter(({ name }) => name === kind)
    .map(({ from }): [string, string] => [from, "true"])
    .concat(
      NAMED_BY_CALLS.filter((call) => call.kind === kind).map(({ property, event }) => [
        property,
        `name = ${sqlText(event)}`,
      ]),
    );
  const names = [
    `SELECT entity AS id, ${before} AS old FROM ${rows} WHERE kind = ${sqlText(kind)}`,
    ...named.map(([property, when]) => {
      return `SELECT json_extract_string(properties, ${pointerTo(property)}) AS id, ${before} AS old FROM ${rows} WHERE ${when}`;
    }),
    // a property's own column must not keep what has gone from the JSON
    ...named.flatMap(([property, when]) => leftInColumn(parts, property, `${before} AS old`, when)),
  ];
  const answer = await connection.run(
    "SELECT id, count(*) FILTER (old)::DOUBLE, count(*) FILTER (NOT old)::DOUBLE " +
      `FROM (${names.join(" UNION ALL ")}) WHERE id IS NOT NULL GROUP BY id`,
  );
  return (await answer.getRows()).map(([id, old, young]) => ({
    id: String(id),
    before: Number(old),
    after: Number(young),
  }));
}

function leftInColumn(parts: readonly Part[], property: string, old: string, when: string): string[] {
  return (["text", "number"] as const).flatMap((type) => {
    const files = parts.filter(({ carried }) => carried?.typed.get(property) === type).map(({ file }) => file);
    const column = columnOf(property);
    const id = type === "text" ? column : `TRY_CAST(${column} AS BIGINT)::VARCHAR`;
    const gone = `${column} IS NOT NULL AND json_extract_string(properties, ${pointerTo(property)}) IS NULL`;
    return files.length === 0
      ? []
      : [`SELECT ${id} AS id, ${old} FROM read_parquet(${sqlList(files)}) WHERE (${when}) AND ${gone}`];
  });
}

async function namesInTable(connection: DuckDBConnection, file: string, kind: string): Promise<[string, number][]> {
  const table = await columnsOf(connection, file);
  if (!table) return [];
  const answer = await connection.run(
    `SELECT ${table.column}::VARCHAR, count(*)::DOUBLE FROM ${table.rows} ` +
      `${table.hasKind ? `WHERE kind::VARCHAR = ${sqlText(kind)} ` : ""}GROUP BY 1`,
  );
  return (await answer.getRows()).map(([id, count]) => [String(id), Number(count)]);
}

/** True when a chain of the audit has a line that names this digest. */
async function auditHolds(folder: string, digest: string): Promise<boolean> {
  for (const name of await chainNames(folder))
    if ((await lastLines(join(folder, name), 1, (line) => line.includes(digest))).length > 0) return true;
  return false;
}
