import type { Config } from "../../config.ts";
import type { Lake } from "../../events/event-log.ts";
import { checkReceipts } from "../../scoring/check.ts";
import { createVersionScorers } from "../../scoring/version-scorers.ts";
import { loadDeclarations, reducersOf } from "../../stores/disk/declarations.ts";
import { createRedisArtifacts } from "../../stores/redis/artifacts.ts";
import { connectFailFast, whenReady } from "../../stores/redis/connect.ts";
import { createRedisReceipts } from "../../stores/redis/receipts.ts";

/** `portrait check` for the newest receipts. */
export async function checkAgain(config: Config, redisUrl: string, lake: Lake, receipts = 200) {
  const redis = connectFailFast(redisUrl);
  try {
    await whenReady(redis, 2_000);
    const report = await checkReceipts(receipts, {
      receipts: createRedisReceipts({ redis, keepMs: config.receipts.keepMs }),
      lake,
      reducers: reducersOf(loadDeclarations(config.declarations)),
      scorerOf: createVersionScorers([createRedisArtifacts(redis)]),
    });
    return {
      scores: report.scores,
      equal: report.equal,
      differ: report.mismatched.length + report.notComparable.length,
      waiting: report.notYetInLake,
    };
  } finally {
    redis.disconnect();
  }
}
