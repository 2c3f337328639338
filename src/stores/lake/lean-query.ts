import type { LakeQuery } from "../../events/event-log.ts";
import { sqlList, sqlText } from "./duckdb.ts";

/** More names than these are read as they stand. */
export const MOST_NAMES = 64;

/** A reading of one kind that carries only the wanted properties, and no ids. */
export interface LeanQuery {
  readonly kind: string;
  readonly through: string | undefined;
  readonly knownUntil: number | undefined;
  /** All names of events that the parts hold. */
  readonly names: readonly string[];
  /** Of each of them, which properties are wanted. */
  readonly wanted: readonly (readonly string[])[];
}

/** Whether a query can be read so, and how; undefined = read it as it stands. */
export function leanQuery(query: LakeQuery, names: readonly string[]): LeanQuery | undefined {
  const { kind, through, knownUntil, properties, entities, touchedSince } = query;
  if (kind === undefined || !properties || entities || touchedSince !== undefined) return undefined;
  if (names.length > MOST_NAMES) return undefined;
  return { kind, through, knownUntil, names, wanted: names.map((name) => [...properties(name)]) };
}

/** The rows of the parts, names as their numbers. */
function codedRows(files: readonly string[], { knownUntil, names }: LeanQuery): string {
  const cases = names.map((name, code) => `WHEN ${sqlText(name)} THEN ${code}`).join(" ");
  const until = knownUntil !== undefined && knownUntil < Number.MAX_SAFE_INTEGER;
  return (
    `SELECT kind, entity, known_ms, ms, seq, idx, partition, at_ms, (CASE name ${cases} END)::USMALLINT AS name_, properties ` +
    `FROM read_parquet(${sqlList(files)})${until ? ` WHERE known_ms <= ${Math.floor(knownUntil)}` : ""}`
  );
}

/** Those of the entities that events happened to. */
export const ownRows = (files: readonly string[], query: LeanQuery) =>
  `SELECT * FROM (${codedRows(files, query)}) WHERE kind = ${sqlText(query.kind)}`;

/** Their wanted properties as JSON texts, each event's own in its order; empty where there is none. */
export function lanesOfOwn(files: readonly string[], query: LeanQuery): string {
  const { sql, lanes } = extraction(query, []);
  return (
    `SELECT entity, ${COLUMNS}, 0::TINYINT AS touched${lanes.map((lane, i) => `, COALESCE(found[${i + 1}]::VARCHAR, '') AS ${lane}`).join("")} ` +
    `FROM (SELECT *, ${sql} AS found FROM (${ownRows(files, query)}))`
  );
}

/** The same of those whom a property names, beside whom the event happened to. */
export function namedRows(files: readonly string[], query: LeanQuery, through: string): string {
  const { sql, lanes } = extraction(query, [through]);
  const kind = sqlText(query.kind);
  const safe = Number.MAX_SAFE_INTEGER;
  const found = `SELECT *, ${sql} AS found FROM (${codedRows(files, query)})`;
  const said = `SELECT * EXCLUDE (found)${lanes.map((lane, i) => `, COALESCE(found[${i + 2}]::VARCHAR, '') AS ${lane}`).join("")}, found[1]::VARCHAR AS said FROM (${found})`;
  // what `idOf` takes: a text that is not empty, or a whole number that a double holds exactly
  const named =
    `CASE WHEN starts_with(said, '"') THEN CASE WHEN contains(said, '\\') THEN json_extract_string(said, '$') ELSE trim(said, '"') END ` +
    `WHEN regexp_full_match(said, '-?[0-9]+') AND TRY_CAST(said AS BIGINT) BETWEEN -${safe} AND ${safe} THEN said END`;
  return (
    `SELECT named AS entity, ${COLUMNS}, 1::TINYINT AS touched${lanes.map((lane) => `, ${lane}`).join("")} ` +
    `FROM (SELECT *, ${named} AS named FROM (${said}) WHERE said IS NOT NULL) ` +
    `WHERE length(named) BETWEEN 1 AND 200 AND NOT (kind = ${kind} AND entity = named)`
  );
}

const COLUMNS = "known_ms, ms, seq, idx, partition, at_ms, name_";

/** An SQL expression for the JSON of the wanted properties of an event of each name, after those wanted of any. */
function extraction({ wanted }: LeanQuery, ofAny: readonly string[]) {
  const cases = wanted.flatMap((properties, code) => {
    const pointers = [...ofAny, ...properties].map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
    return pointers.length === 0 ? [] : [`WHEN ${code} THEN json_extract(properties, ${sqlList(pointers)})`];
  });
  return {
    sql: cases.length === 0 ? "NULL::VARCHAR[]" : `CASE name_ ${cases.join(" ")} END`,
    lanes: lanesOf({ wanted }),
  };
}

/** The lanes of the wanted properties: as many as one event has at most. */
export const lanesOf = ({ wanted }: Pick<LeanQuery, "wanted">) =>
  Array.from({ length: Math.max(0, ...wanted.map(({ length }) => length)) }, (_, place) => `lane_${place}`);
