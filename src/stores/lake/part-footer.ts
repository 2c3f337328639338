import { positionText } from "../../events/position.ts";
import { entryText } from "../entry-id.ts";
import { sqlText } from "./duckdb.ts";
import { PART_FORMAT, type Part } from "./parts.ts";
import { carriedText } from "./typed-columns.ts";

/** How the rows of a merged part are laid out, as options of COPY: what is read in order is quick to decode. */
export const MERGED_ROWS = "ROW_GROUP_SIZE 50000, PARQUET_VERSION V2";

/** What the footer of a part says, as an option of COPY. */
export function footerOf({ first, last, after, carried }: Omit<Part, "partition" | "file">): string {
  const facts = {
    format: PART_FORMAT,
    first: entryText(first),
    last: positionText(last),
    after: entryText(after),
    ...(carried && { properties: carriedText(carried) }),
  };
  const pairs = Object.entries(facts).map(([key, value]) => `${sqlText(`portrait.${key}`)}: ${sqlText(value)}`);
  return `KV_METADATA {${pairs.join(", ")}}`;
}
