import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Redis } from "ioredis";
import type { IngestPlace } from "../../events/ingest-file.ts";
import { redisFailure } from "./redis-failure.ts";

/** How long a stopped ingest may be taken up again, and how often its place is written. */
const KEEP_S = 7 * 86_400;
const EVERY_MS = 250;

const keyOf = (digest: string) => `ingest:${digest}`;

/** The digest of a file and of all else that decides which events come out of it, in their order. */
export async function ingestDigest(path: string, rules: readonly unknown[]): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(rules)).update("\u0000");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("base64url");
}

/**
 * Where an ingest of this very file was stopped. It lies in the same Redis as the log, so that a log that is lost takes
 * the place with it: nobody goes on behind events that are no longer there. The place never runs ahead of the events,
 * because it is written after they were acknowledged.
 *
 * @param resume false = begin at the start, whatever is known
 * @throws PortraitError REDIS_AWAY
 */
export async function openIngestPlace(
  redis: Redis,
  digest: string,
  { resume = true, now = () => performance.now() }: { readonly resume?: boolean; readonly now?: () => number } = {},
): Promise<IngestPlace & { settle(): Promise<void>; finish(): Promise<void> }> {
  const key = keyOf(digest);
  const asked = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    try {
      return await answer;
    } catch (error) {
      throw redisFailure(error, "the place of an ingest");
    }
  };
  if (!resume) await asked(redis.del(key));
  const from = Number((await asked(redis.get(key))) ?? 0);
  let reached = from;
  let written = from;
  let writtenAt = now();
  const write = async () => {
    writtenAt = now();
    written = reached;
    await redis.set(key, String(reached), "EX", KEEP_S).catch(() => {}); // a place that is too early costs time only
  };
  return {
    from,
    reached(events) {
      reached = Math.max(reached, events);
      if (now() - writtenAt >= EVERY_MS) void write();
    },
    /** Writes the place as it is: the ingest was stopped. */
    settle: async () => {
      if (reached > written) await write();
    },
    /** Forgets it: the file is through, and a second ingest sends all of it again, which counts nothing twice. */
    finish: async () => {
      await asked(redis.del(key));
    },
  };
}
