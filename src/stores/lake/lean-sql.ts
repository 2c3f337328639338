import { sqlList, sqlText } from "./duckdb.ts";
import type { Lanes, LeanQuery } from "./lean-query.ts";
import type { Part } from "./parts.ts";
import { columnOf, isInJson, pointerTo } from "./typed-columns.ts";

/** What an event has beside its entity and its properties. `name_`: the place of its name among all names, from 1 on. */
const FACTS = "known_ms, at_ms, ms, seq, idx, partition, name_";
const LARGEST = Number.MAX_SAFE_INTEGER;

/** The lanes as columns, in the order in which `ownRows` and `namedRows` have them. */
export const lanesAsRead = ({ typed, json }: Lanes): string[] => [
  ...typed.map(({ type }, i) => `typed_${i}::${type === "number" ? "DOUBLE" : "VARCHAR"}`),
  ...Array.from({ length: json }, (_, i) => `json_${i}::VARCHAR`),
];

/** Up to which moment something must be known, ms; undefined = whenever it was. */
export const knownWithin = ({ knownUntil }: LeanQuery): number | undefined =>
  knownUntil !== undefined && knownUntil < LARGEST ? Math.floor(knownUntil) : undefined;

/**
 * The events of the parts that happened to entities of the kind.
 *
 * @param all the query wants all rows of these parts: they are not looked through
 */
export function ownRows(parts: readonly Part[], query: LeanQuery, lanes: Lanes, more = "", all = false): string {
  return alike(parts, query, lanes)
    .map((some) => {
      const { columns, rows } = laneColumns(some, query, lanes, []);
      const own = all ? undefined : `kind = ${sqlText(query.kind)}`;
      return `SELECT entity, ${more}${FACTS}, 0::TINYINT AS touched${columns} FROM (${rows(own, more)})`;
    })
    .join(" UNION ALL ");
}

/** The events that name an entity of the kind in a property, beside whom they happened to; undefined when none does. */
export function namedRows(parts: readonly Part[], query: LeanQuery, lanes: Lanes, through: string): string | undefined {
  const mayName = parts.filter(({ carried }) => carried?.typed.has(through) || isInJson(carried, through));
  const selects = alike(mayName, query, lanes, through).map((some) => {
    const { columns, rows, named } = laneColumns(some, query, lanes, [through]);
    const kind = sqlText(query.kind);
    return (
      `SELECT named AS entity, ${FACTS}, 1::TINYINT AS touched${columns} FROM (SELECT *, ${named} AS named FROM (${rows("true", "")})) ` +
      `WHERE length(named) BETWEEN 1 AND 200 AND NOT (kind = ${kind} AND entity = named)`
    );
  });
  return selects.length === 0 ? undefined : selects.join(" UNION ALL ");
}

/** Parts that are asked in the same words, together. */
function alike(parts: readonly Part[], { wanted }: LeanQuery, { typed }: Lanes, through?: string): Part[][] {
  const groups = new Map<string, Part[]>();
  for (const part of parts) {
    const { carried } = part;
    const words = [
      typed.map(({ property, type }) => carried?.typed.get(property) === type),
      wanted.map((some) => some.some((property) => isInJson(carried, property))),
      through !== undefined && (carried?.typed.get(through) ?? "json"),
    ];
    const key = JSON.stringify(words);
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  return [...groups.values()];
}

/** How one group of such parts is asked. `first`: properties that are wanted of every event. */
function laneColumns(parts: readonly Part[], query: LeanQuery, lanes: Lanes, first: readonly string[]) {
  const [{ carried }] = parts;
  const { names, wanted, notOf } = query;
  const files = sqlList(parts.map(({ file }) => file));
  const firstInJson = first.filter((property) => !carried?.typed.has(property));
  const parsed = wanted.flatMap((some, code) => {
    const inJson = some.some((property) => isInJson(carried, property));
    const pointers = [...firstInJson, ...(inJson ? some : [])].map(pointerTo);
    return pointers.length === 0 ? [] : [`WHEN ${code + 1} THEN json_extract(properties, [${pointers.join(", ")}])`];
  });
  const typed = lanes.typed.map(({ property, type }, i) => {
    const there = carried?.typed.get(property) === type;
    return `, ${there ? columnOf(property) : type === "number" ? "NULL::DOUBLE" : "NULL::VARCHAR"} AS typed_${i}`;
  });
  const json = Array.from({ length: lanes.json }, (_, i) => {
    const place = 1 + firstInJson.length + i;
    return parsed.length > 0 ? `, COALESCE(found[${place}]::VARCHAR, '') AS json_${i}` : `, '' AS json_${i}`;
  });
  const typedThrough = first.map((property) => carried?.typed.get(property))[0];
  const columns = [...lanes.typed, ...first.map((property) => ({ property }))].flatMap(({ property }) =>
    carried?.typed.has(property) ? [columnOf(property)] : [],
  );
  // of one column and otherwise constants: DuckDB asks once for each word of the dictionary, not for each row
  const place = `list_position(${sqlList(names)}, name)`;
  const known = knownWithin(query);
  const until = known === undefined ? "" : ` AND known_ms <= ${known}`;
  const others = notOf === undefined ? "" : ` AND kind <> ${sqlText(notOf)}`;
  return {
    columns: [...typed, ...json].join(""),
    /**
     * @param condition undefined = all rows
     * @param more columns of the parts, each with a comma behind it
     */
    rows: (condition: string | undefined, more: string): string => {
      const coded =
        `SELECT kind, entity, ${more}known_ms, at_ms, ms, seq, idx, partition, ${place} AS name_` +
        `${[...new Set(columns)].map((column) => `, ${column}`).join("")}${parsed.length > 0 ? ", properties" : ""} ` +
        `FROM read_parquet(${files})${condition === undefined ? "" : ` WHERE ${condition}${others}${until}`}`;
      return parsed.length === 0 ? coded : `SELECT *, CASE name_ ${parsed.join(" ")} END AS found FROM (${coded})`;
    },
    named: first.map((property) =>
      NAMED[typedThrough ?? "json"](typedThrough ? columnOf(property) : "found[1]::VARCHAR"),
    )[0],
  };
}

/** What `idOf` takes of a property's value: a text, or a whole number that a double holds exactly. */
const NAMED = {
  text: (column: string) => column,
  number: (column: string) =>
    `CASE WHEN ${column} = trunc(${column}) AND abs(${column}) <= ${LARGEST} THEN ${column}::BIGINT::VARCHAR END`,
  json: (said: string) =>
    `CASE WHEN starts_with(${said}, '"') THEN CASE WHEN contains(${said}, '\\') THEN json_extract_string(${said}, '$') ELSE trim(${said}, '"') END ` +
    `WHEN regexp_full_match(${said}, '-?[0-9]+') AND TRY_CAST(${said} AS BIGINT) BETWEEN -${LARGEST} AND ${LARGEST} THEN ${said} END`,
};
