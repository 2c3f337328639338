import { statSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { sqlText } from "./duckdb.ts";
import type { LeanQuery } from "./lean-query.ts";
import { knownWithin } from "./lean-sql.ts";
import type { Part } from "./parts.ts";

/**
 * Whether a query wants all rows of a part, by what its footer says of each row group: then it is asked without a
 * condition, which takes a sixth of reading it. Cost: the footer.
 */
export async function isWanted(connection: DuckDBConnection, part: Part, query: LeanQuery): Promise<boolean> {
  const { kind, notOf } = query;
  if (kind === notOf) return false;
  const [own, until] = [sqlText(kind), knownWithin(query)];
  const alike = `stats_min_value = ${own} AND stats_max_value = ${own} AND min_is_exact AND max_is_exact`;
  const early = until === undefined ? "true" : `TRY_CAST(stats_max_value AS BIGINT) <= ${until}`;
  const result = await connection.run(
    `SELECT bool_and(coalesce(CASE path_in_schema WHEN 'kind' THEN ${alike} ELSE ${early} END, false)) ` +
      `FROM parquet_metadata(${sqlText(part.file)}) WHERE path_in_schema IN ('kind', 'known_ms')`,
  );
  return (await result.getRows())[0][0] === true;
}

/** Answers a function that tells whether a part is still the file that it is now: an erasure puts another in its place. */
export function watchFile({ file }: Part): () => boolean {
  const faceOf = () => {
    const found = statSync(file, { throwIfNoEntry: false });
    return found && `${found.ino} ${found.size} ${found.mtimeMs}`;
  };
  const before = faceOf();
  return () => faceOf() === before;
}
