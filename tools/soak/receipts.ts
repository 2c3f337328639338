import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRandom, type Random } from "../../models/random.ts";
import { ingestOptions } from "../../src/cli/ingest-options.ts";
import { type Serving, startServing } from "../../src/cli/serving.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import { PortraitError } from "../../src/errors.ts";
import type { Event } from "../../src/events/event.ts";
import { silentLog } from "../../src/log.ts";
import { type ReceiptReplay, replayReceipt } from "../../src/scoring/replay-receipt.ts";
import { type ChainsReport, verifyChains } from "../../src/scoring/verify-chains.ts";
import { createVersionScorers } from "../../src/scoring/version-scorers.ts";
import { loadDeclarations, reducersOf } from "../../src/stores/disk/declarations.ts";
import { createRedisArtifacts } from "../../src/stores/redis/artifacts.ts";
import { connectFailFast, whenReady } from "../../src/stores/redis/connect.ts";
import { createRedisEventLog } from "../../src/stores/redis/event-log.ts";
import { startIngestWorker } from "../../src/stores/redis/ingest-worker.ts";
import { startPrivateRedis } from "../../src/stores/redis/private-redis.ts";
import { createRedisReceipts } from "../../src/stores/redis/receipts.ts";
import { composeTraining } from "../../training/compose.ts";
import { jobRunner } from "../../training/run-job.ts";
import { breakReceipt, type Flips, flipBits } from "./receipts-flips.ts";
import { declareShop, learnsUntil, MODEL, shopHistory, someFeatures } from "./service-shop.ts";

export interface ReceiptsSoakOptions {
  /** How many are drawn; half as many again are made. */
  readonly receipts: number;
  readonly retrainings: number;
  readonly people: number;
  /** Bits flipped in each place. */
  readonly flips: number;
  readonly seed: number;
  /** Flips one bit of a drawn receipt before the replay, to see that the soak then fails. */
  readonly breakOne?: boolean;
  readonly onProgress?: (done: number, note: string) => void;
}

export interface ReceiptsSoakResult {
  readonly ok: boolean;
  readonly versions: number;
  readonly made: number;
  readonly drawn: number;
  /** Of those that were drawn: by id, and by the oldest version. */
  readonly byId: number;
  readonly ofFirstVersion: number;
  /** Asked of the API; the others were replayed in this process. */
  readonly throughApi: number;
  readonly equal: number;
  readonly unequal: readonly string[];
  /** Followed from their roots, before any bit was flipped. */
  readonly chains: ChainsReport;
  readonly flips: readonly Flips[];
  readonly seconds: number;
}

interface Made {
  readonly id: string;
  readonly version: string;
  readonly byId: boolean;
}

/** One in ten of the replays is asked of the API. */
const THROUGH_API = 10;
const AT_ONCE = 25;
const BATCH = 500;
const SHOWN = 10;

/**
 * Scores across many retrainings, then a random draw of all receipts replayed to their hashes; then single bits flipped
 * in stored models, receipts and chain links, each of which must be found by name and be well again when it is put back.
 */
export async function soakReceipts(options: ReceiptsSoakOptions): Promise<ReceiptsSoakResult> {
  const { retrainings, seed, onProgress = () => {} } = options;
  const started = performance.now();
  const random = createRandom(seed);
  const root = mkdtempSync(join(tmpdir(), "portrait-receipts-"));
  const config = loadConfig({
    ...{ PORTRAIT_VAR: root, PORTRAIT_CONFIG: declareShop(root), PORTRAIT_OPEN: "1", PORT: "0" },
    PORTRAIT_FLUSH_MS: "50",
  });
  const server = await startPrivateRedis({ dir: config.paths.redis, fsync: "no" });
  const redis = connectFailFast(server.url);
  let serving: Serving | undefined;
  try {
    await whenReady(redis, 5_000);
    const house = await openHouse(config, server.url);
    try {
      const log = createRedisEventLog({ redis, partitions: config.log.partitions });
      const now = Date.now();
      const history = shopHistory(options.people, seed, now);
      for (let at = 0; at < history.length; at += 2_000) await log.append(history.slice(at, at + 2_000));
      await house.worker.idle();
      serving = await startServing(config, { log: silentLog, redisUrl: server.url });
      const people = [...new Set(history.map(({ entity }) => entity.id))];
      const made: Made[] = [];
      const rounds = retrainings + 1;
      const each = Math.ceil((1.5 * options.receipts) / rounds);
      for (let round = 0; round < rounds; round++) {
        onProgress((0.6 * round) / rounds, `retraining ${round} of ${retrainings}, ${made.length} receipts`);
        const version = await house.retrain(learnsUntil(round, retrainings, now), seed + round);
        await untilAnswers(serving, version);
        made.push(...(await scoreMany(serving.url, each, people, version, random)));
        // lives go on, so that later receipts are of other states
        await log.append(Array.from({ length: 40 }, (_, i) => visit(people, `soak-${round}-${i}`, random)));
        await house.worker.idle();
      }
      const drawn = draw(made, options.receipts, random);
      const receipts = createRedisReceipts({ redis, keepMs: config.receipts.keepMs });
      const artifacts = createRedisArtifacts(redis);
      const scorerOf = createVersionScorers([artifacts]);
      const here = (id: string) => replayReceipt(id, { receipts, scorerOf });
      const { url } = serving;
      const there = (id: string) => ask<ReceiptReplay>(`${url}/v1/receipts/${id}/replay`);
      if (options.breakOne) await breakReceipt(redis, drawn[0].id, random);

      const unequal: string[] = [];
      let equal = 0;
      for (let at = 0; at < drawn.length; at += AT_ONCE) {
        const group = drawn.slice(at, at + AT_ONCE);
        const verdicts = await Promise.all(
          group.map(({ id }, i) => verdictOf((at + i) % THROUGH_API === 0 ? there(id) : here(id))),
        );
        verdicts.forEach((verdict, i) => {
          if (verdict === "equal") equal++;
          else unequal.push(`${group[i].id} of ${group[i].version}: ${verdict}`);
        });
        onProgress(0.6 + (0.3 * at) / drawn.length, `${equal} of ${drawn.length} replayed`);
      }
      const chains = await verifyChains(receipts);
      onProgress(0.9, "flipping bits");
      const flips = await flipBits({
        ...{ redis, receipts, artifactsDir: config.paths.artifacts, artifacts, random },
        ...{ ids: drawn.map(({ id }) => id), times: options.flips },
      });
      const versions = new Set(made.map(({ version }) => version)).size;
      return {
        ok:
          equal === drawn.length &&
          chains.broken.length === 0 &&
          chains.receipts >= made.length &&
          drawn.length === options.receipts &&
          versions === rounds &&
          flips.every(({ tried, found, restored }) => tried > 0 && found === tried && restored === tried),
        ...{ versions, made: made.length, drawn: drawn.length, equal, unequal: unequal.slice(0, SHOWN), chains, flips },
        byId: drawn.filter(({ byId }) => byId).length,
        ofFirstVersion: drawn.filter(({ version }) => version === made[0].version).length,
        throughApi: Math.ceil(drawn.length / THROUGH_API),
        seconds: Math.round((performance.now() - started) / 100) / 10,
      };
    } finally {
      await house.close();
    }
  } finally {
    await serving?.close();
    redis.disconnect();
    await server.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** The ingest worker and the workshop, in this process. */
async function openHouse(config: Config, redisUrl: string) {
  const reducers = reducersOf(loadDeclarations(config.declarations));
  const worker = await startIngestWorker({ redisUrl, ...ingestOptions(config), reducers });
  const workshop = await composeTraining(config, redisUrl);
  const run = jobRunner(workshop);
  return {
    worker,
    /** Answers the version, which answers from now on: better than the base rate or not, its scores must replay. */
    async retrain(until: number, seed: number): Promise<string> {
      const { version, promoted, why } = await run(
        { model: MODEL, until, seed, reason: "manual" },
        { jobId: "soak", askedAt: Date.now(), onProgress: () => {}, signal: new AbortController().signal },
      );
      if (!promoted) await workshop.artifacts.promote(MODEL, version, `the soak lets each version answer; ${why}`);
      return version;
    },
    async close() {
      await workshop.close();
      await worker.close();
    },
  };
}

async function untilAnswers({ services }: Serving, version: string): Promise<void> {
  const until = performance.now() + 10_000;
  while (services.champions.current().get(MODEL)?.version !== version) {
    if (performance.now() > until) throw new Error(`${version} was promoted and does not answer after 10 s`);
    await sleep(10);
  }
}

interface BatchAnswer {
  readonly results: readonly { readonly receipt?: string; readonly scores?: Record<string, { version: string }> }[];
}

/** Half by id, half by features that are given. */
async function scoreMany(
  url: string,
  count: number,
  people: readonly string[],
  version: string,
  random: Random,
): Promise<Made[]> {
  const made: Made[] = [];
  for (let at = 0; at < count; at += BATCH) {
    const items = Array.from({ length: Math.min(BATCH, count - at) }, (_, i) =>
      i % 2 === 0
        ? { id: people[random.below(people.length)], models: [MODEL] }
        : { features: someFeatures(() => random.next()), models: [MODEL] },
    );
    const { results } = await ask<BatchAnswer>(`${url}/v1/score/batch`, items);
    results.forEach(({ receipt, scores }, i) => {
      if (receipt === undefined || scores?.[MODEL].version !== version)
        throw new Error(`an answer without its receipt or of another version: ${JSON.stringify(results[i])}`);
      made.push({ id: receipt, version, byId: i % 2 === 0 });
    });
  }
  return made;
}

async function ask<A>(url: string, body?: unknown): Promise<A> {
  const response = await fetch(url, {
    method: "POST",
    ...(body !== undefined && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (response.ok) return answer as A;
  throw new Error(`${response.status} ${JSON.stringify(answer)}`);
}

const visit = (people: readonly string[], id: string, random: Random): Event => ({
  id,
  name: "Product Viewed",
  entity: { kind: "user", id: people[random.below(people.length)] },
  at: Date.now(),
  known: Date.now(),
  properties: { category: "toys" },
});

/** `count` of all, each as likely as any other. */
function draw<A>(all: readonly A[], count: number, random: Random): A[] {
  const rest = [...all];
  for (let i = 0; i < count && i < rest.length; i++) {
    const j = i + random.below(rest.length - i);
    [rest[i], rest[j]] = [rest[j], rest[i]];
  }
  return rest.slice(0, count);
}

const verdictOf = (replay: Promise<ReceiptReplay>): Promise<string> =>
  replay.then(
    ({ equal, stored, recomputed, findings }) =>
      equal && stored === recomputed && /^[0-9a-f]{64}$/.test(stored) ? "equal" : findings.join(", "),
    (error: unknown) => (error instanceof PortraitError ? error.code : String(error)),
  );
