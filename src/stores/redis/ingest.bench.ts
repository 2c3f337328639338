import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, type BenchLine, benchLine } from "../../../models/bench-line.ts";
import { loadDeclarations, reducersOf } from "../disk/declarations.ts";
import { createParquetLake } from "../lake/parquet-lake.ts";
import { fsyncMs, type IngestHouse, openIngestHouse, PARTITIONS } from "./bench-ingest-house.ts";
import { type Batch, createSender, makeBatches, watchProbes } from "./bench-ingest-load.ts";
import { connectFailFast, whenReady } from "./connect.ts";
import type { Waits } from "./ingest-waits.ts";
import { createRedisStateStore } from "./state-store.ts";
import { whenApplied } from "./when-applied.ts";

const EVENTS_A_BATCH = 100;
const CONNECTIONS = 16;
const SLOW_MS = 3;

/**
 * Events from HTTP batches of 100 to the durable log and updated states, half of them with a second entity; API, worker,
 * Redis and this load generator on the same cores.
 *
 *     npm run bench -- ingest [--runs 3] [--seconds 10] [--rate 20000]
 *
 * Each run: as many as it takes as fast as they are accepted until all states are there (events/s); then `--rate` events a
 * second for `--seconds`, and the ms from acceptance until the states of both entities can be read. The whole again with each
 * fsync of Redis slowed by 3 ms. At the end of each run the lake must hold every event once.
 */
export const bench: Bench = async ({ say, runs, options }) => {
  const seconds = Number(options.seconds ?? "10");
  const rate = Number(options.rate ?? "20000");
  const lines: BenchLine[] = [];
  for (const slow of [0, SLOW_MS]) {
    const about = slow ? `, each fsync ${slow} ms slower` : "";
    const syncs: number[] = [];
    const found: Measured[] = [];
    for (let run = 0; run < runs; run++) {
      syncs.push(await fsyncMs(slow));
      const house = await openIngestHouse(slow);
      try {
        found.push(await measure(house, rate, seconds));
      } finally {
        await house.close();
      }
      say(`${run + 1} of ${runs}${about}: fsync ${syncs[run].toFixed(2)} ms; ${words(found[run])}`);
    }
    const line = (name: string, of: (one: Measured) => number, better: "lower" | "higher", goal?: number) =>
      lines.push(benchLine(`${name}${about}`, found.map(of), better, goal));
    lines.push(benchLine(`fsync, ms${about}`, syncs, "lower"));
    line(
      "events/s to durable log and states, half with a second entity",
      ({ perSecond }) => perSecond,
      "higher",
      20_000,
    );
    line(`reached of ${rate} events/s asked`, ({ reached }) => reached, "higher", 0.99 * rate);
    line("accepted → applied p99, first entity, ms", ({ first }) => first, "lower", 1_000);
    line("accepted → applied p99, second entity, ms", ({ second }) => second, "lower", 1_000);
    line("acknowledged p99 from the moment it was due, ms", ({ acknowledged }) => acknowledged, "lower");
    if (slow) line("events an fsync", ({ eventsASync }) => eventsASync, "higher");
    for (const way of WAYS) line(`mean wait, ${way}, ms`, ({ waits }) => waits[way], "lower");
    for (const who of ["door", "redis", "worker", "load"] as const)
      line(`CPU µs an event, ${who}`, ({ cpu }) => cpu[who], "lower");
  }
  return lines;
};

/** Where an event waits on its way, at the fixed rate. */
const WAYS = ["accepted → read", "read → applied", "forwarded → read", "read → applied, second entity"] as const;

interface Measured {
  readonly perSecond: number;
  readonly reached: number;
  readonly first: number;
  readonly second: number;
  readonly acknowledged: number;
  readonly eventsASync: number;
  readonly cpu: Readonly<Record<"door" | "redis" | "worker" | "load", number>>;
  readonly waits: Readonly<Record<(typeof WAYS)[number], number>>;
  readonly refused: number;
}

const words = ({ perSecond, reached, first, second, acknowledged, refused }: Measured) =>
  `${Math.round(perSecond)} events/s; at ${Math.round(reached)}/s applied p99 ${first.toFixed(0)} and ` +
  `${second.toFixed(0)} ms, acknowledged p99 ${acknowledged.toFixed(0)} ms; ${refused} refusals`;

async function measure(house: IngestHouse, rate: number, seconds: number): Promise<Measured> {
  const redis = connectFailFast(house.redisUrl);
  const sender = createSender(house.url, CONNECTIONS);
  try {
    await whenReady(redis, 5_000);
    const { digest } = reducersOf(loadDeclarations(house.config));
    const states = createRedisStateStore({ redis, partitions: PARTITIONS, digest });
    const applied = () => whenApplied(redis, PARTITIONS, 0);
    const warm = makeBatches(200, "warm", Date.now());
    await asFastAs(warm, sender.send);
    await applied();

    const many = makeBatches(Math.ceil((rate * seconds) / EVENTS_A_BATCH), "fast", Date.now());
    const before = { ...house.cpu(), load: ownCpu() };
    const started = performance.now();
    await asFastAs(many, sender.send);
    await applied();
    const took = performance.now() - started;
    const after = { ...house.cpu(), load: ownCpu() };
    const events = many.length * EVENTS_A_BATCH;
    const perEvent = (who: keyof typeof after) => (1e6 * (after[who] - before[who])) / events;

    const steady = makeBatches(many.length, "rate", Date.now());
    const probes = watchProbes(states);
    const waited = await house.waits();
    const synced = house.fsyncs();
    const due = await atRate(steady, rate / EVENTS_A_BATCH, async (batch) => {
      await sender.send(batch);
      probes.accepted(batch);
    });
    probes.end();
    await probes.looking;
    await applied();
    const eventsASync = (steady.length * EVENTS_A_BATCH) / (house.fsyncs() - synced);
    const waits = meansOf(waited, await house.waits());
    await house.closeWorker();
    await mustHold(house, EVENTS_A_BATCH * (warm.length + many.length + steady.length));
    return {
      perSecond: (1_000 * events) / took,
      reached: due.perSecond * EVENTS_A_BATCH,
      first: percentile(probes.took.first, 0.99),
      second: percentile(probes.took.second, 0.99),
      acknowledged: percentile(due.late, 0.99),
      eventsASync,
      cpu: { door: perEvent("door"), redis: perEvent("redis"), worker: perEvent("worker"), load: perEvent("load") },
      waits,
      refused: sender.refused(),
    };
  } finally {
    sender.close();
    redis.disconnect();
  }
}

function meansOf(before: Waits, after: Waits): Measured["waits"] {
  const mean = (of: "first" | "second", what: "unreadMs" | "unappliedMs") =>
    (after[of][what] - before[of][what]) / (after[of].events - before[of].events);
  return {
    "accepted → read": mean("first", "unreadMs"),
    "read → applied": mean("first", "unappliedMs"),
    "forwarded → read": mean("second", "unreadMs"),
    "read → applied, second entity": mean("second", "unappliedMs"),
  };
}

async function asFastAs(batches: readonly Batch[], send: (batch: Batch) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < batches.length) await send(batches[next++]);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
}

/** Sends each batch when it is due, whatever became of those before it; lateness counts from then. */
async function atRate(batches: readonly Batch[], perSecond: number, send: (batch: Batch) => Promise<void>) {
  const late: number[] = [];
  const started = performance.now();
  const under: Promise<void>[] = [];
  for (const [i, batch] of batches.entries()) {
    const due = started + (1_000 * i) / perSecond;
    const wait = due - performance.now();
    if (wait > 1) await sleep(wait);
    under.push(send(batch).then(() => void late.push(performance.now() - due)));
  }
  await Promise.all(under);
  return { late, perSecond: (1_000 * batches.length) / (performance.now() - started) };
}

/** @throws when the lake does not hold exactly what was accepted */
async function mustHold({ lakeDir }: IngestHouse, events: number): Promise<void> {
  const lake = createParquetLake(lakeDir);
  try {
    const found = (await lake.summary()).events;
    if (found !== events) throw new Error(`${events} events were accepted, the lake holds ${found}`);
  } finally {
    await lake.close();
  }
}

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN;

function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
