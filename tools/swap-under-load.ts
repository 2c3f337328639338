/**
 * Swap under load, for real: a whole portrait (API, worker, private Redis), 200 requests a second by id with receipts,
 * and ten retrainings through the queue meanwhile. Then every answer is made again from its receipt's row by the
 * version that it names. Ends with one JSON object on the last line; exits 1 when a request failed or differs.
 *
 *     npx tsx tools/swap-under-load.ts [--retrainings 10] [--rate 200] [--people 400]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { simulateCalls } from "../data/simulate/simulate.ts";
import { readSingle } from "../src/events/segment-call.ts";
import { modelOf } from "../src/scoring/artifact-bytes.ts";
import { createScorer, type Scorer } from "../src/scoring/scorer.ts";
import { createDiskArtifacts } from "../src/stores/disk/artifacts.ts";
import { createParquetLake } from "../src/stores/lake/parquet-lake.ts";
import { connectFailFast, whenReady } from "../src/stores/redis/connect.ts";
import { createRedisEventLog } from "../src/stores/redis/event-log.ts";
import { runningPrivateRedis } from "../src/stores/redis/private-redis.ts";

const { values } = parseArgs({
  options: {
    retrainings: { type: "string", default: "10" },
    rate: { type: "string", default: "200" },
    people: { type: "string", default: "400" },
  },
});
const [retrainings, rate, people] = [Number(values.retrainings), Number(values.rate), Number(values.people)];
const DAY_MS = 86_400_000;
const KEY = "swap-under-load-key-of-no-consequence";
const ENDS = Math.floor(Date.now() / DAY_MS) * DAY_MS;

const root = mkdtempSync(join(tmpdir(), "portrait-swap-"));
writeFileSync(
  join(root, "portrait.config.json"),
  JSON.stringify({
    recipes: [
      {
        name: "purchase",
        about: "buys within 30 days",
        positive: "will buy",
        target: { kind: "event-within", event: "Order Completed", days: 30 },
        features: ["orders_400d", "days_since_order", "days_since_seen", "views_7d", "cart_adds_7d", "spent_90d"],
        // each version is to answer, better or not: the swap is what is looked at
        gate: { minRows: 100, minPositives: 10, aucSlack: 1 },
      },
    ],
  }),
);

const up = spawn(process.execPath, ["--import", "tsx", resolve("src/cli/main.ts"), "up", "--json", "--port", "0"], {
  env: {
    ...process.env,
    REDIS_URL: undefined,
    PORTRAIT_VAR: root,
    PORTRAIT_CONFIG: join(root, "portrait.config.json"),
    PORTRAIT_API_KEY: KEY,
    PORTRAIT_FLUSH_MS: "300",
  },
  stdio: ["ignore", "ignore", "pipe"],
});
const ended = once(up, "exit");

async function ask<A>(url: string, method: string, path: string, body?: unknown): Promise<A> {
  const response = await fetch(url + path, {
    method,
    headers: { Authorization: `Bearer ${KEY}`, ...(body !== undefined && { "Content-Type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as A;
}

async function listening(): Promise<string> {
  for await (const line of createInterface({ input: up.stderr })) {
    const said = line.startsWith("{") ? (JSON.parse(line) as { msg: string; url?: string }) : undefined;
    if (said?.msg === "portrait is up" && said.url) {
      up.stderr.resume();
      return said.url;
    }
  }
  throw new Error("portrait did not come up");
}

/** The simulated history, known when it happened, in the lake. Answers who is in it. */
async function fill(): Promise<string[]> {
  const redis = connectFailFast((await runningPrivateRedis(join(root, "redis"))) ?? "");
  const lake = createParquetLake(join(root, "lake"));
  await whenReady(redis, 5_000);
  const log = createRedisEventLog({ redis, partitions: 8 });
  const events = [...simulateCalls({ people, days: 180, seed: 7, until: ENDS })].flatMap(
    (call) => readSingle(call.type, call, Date.parse(call.timestamp), () => call.messageId).events,
  );
  for (let at = 0; at < events.length; at += 2_000) await log.append(events.slice(at, at + 2_000));
  while ((await lake.summary()).events < events.length) await sleep(200);
  redis.disconnect();
  await lake.close();
  return [...new Set(events.map(({ entity }) => entity.id))];
}

interface JobView {
  readonly state: string;
  readonly result?: { readonly version: string; readonly promoted: boolean; readonly why: string };
  readonly failure?: unknown;
}

async function retrain(url: string, until: number): Promise<string> {
  const body = { until: new Date(until).toISOString() };
  const { job } = await ask<{ job: string }>(url, "POST", "/v1/models/purchase/retrain", body);
  for (;;) {
    const view = await ask<JobView>(url, "GET", `/v1/jobs/${job}`);
    if (view.state === "done" && view.result?.promoted) return view.result.version;
    if (view.state !== "waiting" && view.state !== "running") throw new Error(JSON.stringify(view));
    await sleep(100);
  }
}

interface Scored {
  readonly scores: { readonly purchase: { readonly probability: number; readonly version: string } };
  readonly receipt: string;
}
interface ReceiptView {
  readonly scores: readonly { version: string; row: (number | null)[]; probability: number }[];
}

let failed = 0;
let over = false;
try {
  const url = await listening();
  const users = await fill();
  // each version learns from one more week than the one before
  const untilOf = (i: number) => ENDS - (retrainings - i) * 7 * DAY_MS;
  const versions = [await retrain(url, untilOf(0))];

  const answers: { readonly version: string; readonly probability: number; readonly receipt: string }[] = [];
  const took: number[] = [];
  const inFlight = new Set<Promise<void>>();
  const one = async (n: number) => {
    const started = performance.now();
    try {
      const body = { entity: "user", id: users[n % users.length], models: ["purchase"] };
      const { scores, receipt } = await ask<Scored>(url, "POST", "/v1/score", body);
      answers.push({ ...scores.purchase, receipt });
    } catch (error) {
      failed++;
      console.error(String(error), error instanceof Error && error.cause ? String(error.cause) : "");
    }
    took.push(performance.now() - started);
  };
  let sent = 0;
  const started = performance.now();
  const load = (async () => {
    while (!over) {
      // an open loop: what is due is sent, whether or not earlier ones are answered
      for (const due = ((performance.now() - started) / 1_000) * rate; sent < due; sent++) {
        const asking = one(sent).finally(() => inFlight.delete(asking));
        inFlight.add(asking);
      }
      await sleep(5);
    }
  })();
  for (let i = 1; i <= retrainings; i++) {
    versions.push(await retrain(url, untilOf(i)));
    console.error(`${i} of ${retrainings} retrained: ${versions.at(-1)}, ${answers.length} answers, ${failed} failed`);
  }
  await sleep(1_000);
  over = true;
  await load;
  await Promise.all(inFlight);
  const seconds = (performance.now() - started) / 1_000;

  const disk = createDiskArtifacts(join(root, "artifacts"));
  const scorers = new Map<string, Scorer>();
  for (const version of versions) {
    const artifact = await disk.load("purchase", version);
    scorers.set(version, createScorer(artifact, modelOf(artifact)));
  }
  let differing = 0;
  for (const { version, probability, receipt } of answers) {
    const { scores } = await ask<ReceiptView>(url, "GET", `/v1/receipts/${receipt}`);
    const row = Float64Array.from(scores[0].row, (value) => value ?? Number.NaN);
    const again = scorers.get(version)?.score(row).probability;
    if (scores[0].version !== version || again !== probability) differing++;
  }

  took.sort((a, b) => a - b);
  const quantile = (q: number) => Math.round(10 * took[Math.floor(q * (took.length - 1))]) / 10;
  const seen = new Set(answers.map(({ version }) => version)).size;
  console.log(
    JSON.stringify({
      tool: "swap-under-load",
      requests: took.length,
      perSecond: Math.round(took.length / seconds),
      seconds: Math.round(seconds),
      retrainings,
      versionsSeen: seen,
      failed,
      differing,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      maxMs: quantile(1),
      machine: { cores: availableParallelism(), load: loadavg()[0], node: process.version },
    }),
  );
  if (failed > 0 || differing > 0) process.exitCode = 1;
} finally {
  over = true;
  up.kill("SIGTERM");
  await ended;
  rmSync(root, { recursive: true, force: true });
}
