import type { Config } from "../config.ts";

/** What the ingest worker takes from the configuration. */
export const ingestOptions = ({ log, paths, lake }: Config) => ({
  partitions: log.partitions,
  knownIdsMs: log.knownIdsMs,
  lakeDir: paths.lake,
  flushMs: lake.flushMs,
  flushRows: lake.flushRows,
});
