import { rmSync } from "node:fs";
import type { Config } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import { createParquetLake } from "../../stores/lake/parquet-lake.ts";
import { openRedis } from "../../stores/redis/open-redis.ts";
import { runningPrivateRedis } from "../../stores/redis/private-redis.ts";
import { firstKey } from "../first-key.ts";
import { keepWorking } from "../keep-working.ts";
import { processLog } from "../people-log.ts";
import { type Serving, startServing } from "../serving.ts";
import { table } from "../terminal.ts";
import { checkAgain } from "./check-again.ts";
import { createClient } from "./client.ts";
import { fillLog, waitForLake } from "./fill.ts";
import { learnAll } from "./learn.ts";
import { count, createStory, percent, seconds } from "./story.ts";
import { retrainWhileServing, scoreThree, showPortrait } from "./walk.ts";

export interface DemoOptions {
  readonly people: number;
  /** The user named a port: another one would not do. */
  readonly portGiven: boolean;
  readonly once: boolean;
}

const DAY_MS = 86_400_000;
const DAYS = 180;
/** The first purchase model knows the log up to here; the retraining sees all of it. */
const HELD_BACK_DAYS = 14;

/**
 * The whole road, walked once on a simulated shop, in the var folder of `config`, which is emptied first.
 * Resolves when the walk is over (`once`) or when it is asked to end; everything that was opened is closed by then.
 *
 * @throws PortraitError VAR_IN_USE when another demo runs there
 */
export async function runDemo(config: Config, options: DemoOptions, asked: Promise<void>): Promise<void> {
  if (await runningPrivateRedis(config.paths.redis))
    throw new PortraitError("VAR_IN_USE", `Another demo runs in ${config.paths.root}. Stop it, or set PORTRAIT_VAR.`);
  rmSync(config.paths.root, { recursive: true, force: true });

  const opened: (() => Promise<void>)[] = [];
  let walked = false;
  try {
    const walking = walk(config, options, (close) => opened.push(close)).then(() => {
      walked = true;
    });
    await Promise.race([walking, asked]);
    if (walked && !options.once) await asked;
  } finally {
    for (const close of opened.reverse()) await close();
  }
  if (!walked) process.exitCode = 130; // it was asked to end on the way
}

async function walk(
  config: Config,
  { people, portGiven, once }: DemoOptions,
  opened: (close: () => Promise<void>) => void,
): Promise<void> {
  const started = performance.now();
  const story = createStory();
  const log = processLog("warn", "demo", false);

  story.chapter("An API, a worker and a Redis of their own");
  const redis = await openRedis(config);
  opened(redis.close);
  const env = { ...process.env, PORTRAIT_VAR: config.paths.root, REDIS_URL: redis.url, LOG_LEVEL: "warn" };
  const worker = keepWorking(env, { json: false, log });
  opened(worker.close);
  await worker.ready;
  const key = firstKey(config) ?? config.http.apiKey ?? "";
  const serving = await serveSomewhere(config, redis.url, portGiven);
  opened(serving.close);
  const client = createClient(serving.url, key);
  story.say(`${serving.url} answers; everything is kept in ${config.paths.root}`);

  story.chapter(`${count(people)} simulated people live ${DAYS} days around a shop with a wallet`);
  const until = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const lake = createParquetLake(config.paths.lake);
  opened(lake.close);
  const filling = performance.now();
  const { events, users, truth } = await fillLog(
    { people, days: DAYS, seed: config.seed, until },
    serving.services.eventLog,
  );
  await waitForLake(lake, events);
  const took = performance.now() - filling;
  story.say(
    `${count(events)} events simulated, logged, applied and kept in ${seconds(took)}, ${count(Math.round((1000 * events) / took))} a second`,
  );

  story.chapter("Segments, and three models, learned from the log");
  const heldBack = until - HELD_BACK_DAYS * DAY_MS;
  const { segmentation, models } = await learnAll(config, redis.url, {
    truth,
    untilOf: (model) => (model === "purchase" ? heldBack : undefined),
  });
  for (const { name, share } of segmentation.segments) story.say(`${percent(share).padStart(6)}  ${name}`);
  story.say("");
  const three = (value: number | null | undefined) => (typeof value === "number" ? value.toFixed(3) : "–");
  story.quote(
    table(
      ["model", "predicts", "rows", "positive", "AUC", "baseline", "oracle", ""],
      models.map(({ model, about, rows, positives, auc, kind, promoted }) => [
        model,
        about,
        count(rows),
        percent(positives / rows),
        three(auc[kind]),
        three(auc["recency-frequency"] ?? auc.constant),
        three(auc.oracle),
        promoted ? "answers" : "kept back",
      ]),
    ).split("\n"),
  );
  story.say("AUC on the newest rows, unseen. The oracle knows the traits that no event shows: nobody can beat it.");
  for (const { model, promoted, why } of models) if (!promoted) story.say(`${model} was kept back: ${why}`);

  story.chapter("Three people scored over HTTP, each with reasons and a receipt");
  const answering = models.filter(({ promoted }) => promoted).map(({ model }) => model);
  await untilChampions(serving, answering);
  const buyer = await scoreThree(client, story, users, answering);

  story.chapter("One of them as a marketer sees them");
  await showPortrait(client, story, buyer);

  story.chapter(`Two more weeks are known: purchase is retrained while the API answers`);
  await retrainWhileServing(client, story, "purchase", buyer);

  story.chapter("What was served is made again, from the files of the log alone");
  const { scores, equal, differ, waiting } = await checkAgain(config, redis.url, lake);
  story.say(
    `${count(scores)} scores: ${count(equal)} equal to the last bit, ${differ} different, ${waiting} not in the files yet`,
  );
  if (differ > 0) throw new Error(`${differ} scores could not be made again`);

  story.chapter(`Done in ${seconds(performance.now() - started)}. Go on yourself`);
  if (once) {
    story.say("npm run demo stays up, prints a key and lines to try.");
    return;
  }
  story.quote([
    `export KEY=${key}`,
    `curl -s ${serving.url}/v1/score -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\`,
    `  -d '{"entity":"user","id":"${buyer}","models":["purchase"],"reasons":3}'`,
    `curl -s ${serving.url}/v1/portraits/user/${buyer} -H "Authorization: Bearer $KEY"`,
    `curl -s ${serving.url}/v1/models -H "Authorization: Bearer $KEY"`,
    `curl -s -X POST ${serving.url}/v1/models/fraud/retrain -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -d '{}'`,
    `PORTRAIT_VAR=${config.paths.root} npx portrait check`,
  ]);
  story.say("Ctrl-C ends it.");
}

/** The configured port; any free one when that is taken and nobody insisted on it. */
async function serveSomewhere(config: Config, redisUrl: string, portGiven: boolean): Promise<Serving> {
  const log = processLog("error", "api", false);
  try {
    return await startServing(config, { log, redisUrl });
  } catch (error) {
    if (portGiven || !(error instanceof PortraitError) || error.code !== "PORT_IN_USE") throw error;
    return startServing({ ...config, http: { ...config.http, port: 0 } }, { log, redisUrl });
  }
}

/** New champions are announced; this waits the blink until the API has opened them. */
async function untilChampions({ services }: Serving, models: readonly string[]): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const champions = services.champions.current();
    if (models.every((model) => champions.has(model))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the API did not open all of ${models.join(", ")}`);
}
