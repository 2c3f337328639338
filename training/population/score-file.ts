import { randomUUID } from "node:crypto";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { EntityRef } from "../../src/events/event.ts";
import type { KeptScore } from "../../src/portraits/kept-scores.ts";
import { openDuckDB, sqlText } from "../../src/stores/lake/duckdb.ts";
import { syncFile, syncFolder } from "../../src/stores/lake/lake-writer.ts";

/** One line of the file: whom, what was said, and where they stand. */
export interface ScoredEntity {
  readonly entity: EntityRef;
  readonly score: KeptScore;
  readonly segment?: string;
  readonly stage?: string;
  /** The weightiest first. */
  readonly tags: readonly string[];
}

export interface ScoreFile {
  add(rows: readonly ScoredEntity[]): Promise<void>;
  /** Who was added, some two thousand at a time. */
  entities(): AsyncIterable<readonly EntityRef[]>;
  remove(entities: readonly EntityRef[]): Promise<void>;
  /** Writes all that was added, the likeliest first; the file is there whole or not at all. */
  finish(path: string): Promise<void>;
  close(): void;
}

const TABLE =
  "(kind VARCHAR, entity VARCHAR, probability DOUBLE, percentile DOUBLE, band VARCHAR, segment VARCHAR, stage VARCHAR, " +
  "tags VARCHAR, version VARCHAR, at_ms BIGINT)";

/**
 * The scores of a population on their way to a Parquet file of the columns kind, entity, probability, percentile, band,
 * segment, stage, tags (joined by "; "), version and scored_at (UTC). Memory: 256 MB at most, the rest waits in `tempDir`.
 */
export async function openScoreFile(tempDir: string): Promise<ScoreFile> {
  const db = await openDuckDB({ tempDir, memoryMb: 256, threads: 1 });
  const connection = await db.connect();
  await connection.run(`CREATE TABLE scored ${TABLE}`);
  return {
    async add(rows) {
      const appender = await connection.createAppender("scored");
      const text = (value: string | undefined) =>
        value === undefined ? appender.appendNull() : appender.appendVarchar(value);
      for (const { entity, score, segment, stage, tags } of rows) {
        appender.appendVarchar(entity.kind);
        appender.appendVarchar(entity.id);
        appender.appendDouble(score.probability);
        if (score.percentile === undefined) appender.appendNull();
        else appender.appendDouble(score.percentile);
        appender.appendVarchar(score.band);
        text(segment);
        text(stage);
        text(tags.length > 0 ? tags.join("; ") : undefined);
        appender.appendVarchar(score.version);
        appender.appendBigInt(BigInt(score.at));
        appender.endRow();
      }
      appender.closeSync();
    },
    async *entities() {
      const result = await connection.stream("SELECT kind, entity FROM scored");
      for await (const rows of result.yieldRowsJs())
        yield rows.map(([kind, id]) => ({ kind: String(kind), id: String(id) }));
    },
    async remove(entities) {
      const gone = await connection.prepare("DELETE FROM scored WHERE kind = $1 AND entity = $2");
      for (const { kind, id } of entities) {
        gone.bindVarchar(1, kind);
        gone.bindVarchar(2, id);
        await gone.run();
      }
    },
    async finish(path) {
      mkdirSync(dirname(path), { recursive: true });
      const part = `${path}.${randomUUID()}.part`;
      try {
        await connection.run(
          "COPY (SELECT * EXCLUDE (at_ms), make_timestamp(1000 * at_ms) AS scored_at FROM scored " +
            `ORDER BY probability DESC, kind, entity) TO ${sqlText(part)} (FORMAT parquet, COMPRESSION zstd)`,
        );
        syncFile(part);
        renameSync(part, path);
        syncFolder(dirname(path));
      } finally {
        rmSync(part, { force: true });
      }
    },
    close() {
      connection.closeSync();
      db.closeSync();
    },
  };
}
