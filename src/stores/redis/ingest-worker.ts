import { randomUUID } from "node:crypto";
import { PortraitError } from "../../errors.ts";
import type { Reducers } from "../../features/reducers.ts";
import { type Log, silentLog } from "../../log.ts";
import { Fenced } from "../fenced.ts";
import type { FaultPoint, Guard } from "./ingest-guards.ts";
import { type IngestLife, openIngestSession } from "./ingest-session.ts";
import { noWaits, type Waits } from "./ingest-waits.ts";
import { redisFailure } from "./redis-failure.ts";

export interface IngestWorkerOptions {
  readonly redisUrl: string;
  readonly partitions: number;
  readonly knownIdsMs: number;
  readonly lakeDir: string;
  /** A part is written when rows have waited this long, or when there are this many. */
  readonly flushMs: number;
  readonly flushRows: number;
  readonly reducers: Reducers;
  readonly log?: Log;
  /** How long Redis may be away at the start, without one answer, before that is an error. */
  readonly patienceMs?: number;
  /** A worker that is silent for so long loses its partitions to others; 0 = no leases (the fence alone keeps order). */
  readonly leaseMs?: number;
  /** How often the lake's parts of its partitions are compacted; 0 = never, the default. */
  readonly compactEveryMs?: number;
  /** Called at the narrow places, so that tests can end the worker there by throwing. */
  readonly fault?: (point: FaultPoint) => Promise<void> | void;
  /** Takes a guard of the protocol out, so that the soak can show what it is for. Never set otherwise. */
  readonly without?: Guard;
}

/** What the worker has done since it started. Counts of rows and entries only, nothing of anybody's. */
export interface IngestStats {
  /** `recovering`: Redis was empty, the states are rebuilt from the lake. `standby`: other workers have all partitions. `away`: Redis does not answer, or something else passes. */
  readonly state: "starting" | "recovering" | "standby" | "running" | "away" | "ended";
  readonly applied: number;
  readonly duplicates: number;
  /** Events of other partitions that touched a second entity here. */
  readonly forwarded: number;
  /** The partitions that it applies now. */
  readonly partitions: number;
  readonly laked: number;
  readonly parts: number;
  /** Applied events that are not in the lake yet. */
  readonly unflushed: number;
  /** How often it started again from the cursors. */
  readonly restarts: number;
  /** Of the newest chunk: ms between an event's `known` and its being applied. */
  readonly lagMs: number;
  /** Where events waited, since the worker started. */
  readonly waits: Waits;
}

export interface IngestWorker {
  /** Stops after the chunk in hand, writes what is applied to the lake, gives its partitions back. */
  close(): Promise<void>;
  /** Resolves when all that was appended before the call to its partitions is applied and in the lake. */
  idle(): Promise<void>;
  stats(): IngestStats;
  /** Rejects when the worker ended by itself for a reason that trying again does not cure. */
  readonly ended: Promise<void>;
}

/** Counters that outlive a session. */
export type IngestCounts = { -readonly [Name in keyof IngestStats]: IngestStats[Name] };

/**
 * The worker's life, in prose.
 *
 * *starting* → it connects and checks that log, states and lake belong together; when Redis is empty and the lake is
 * not, it rebuilds the states first: *recovering*. Then it takes its share of the partitions;
 * while others have them all: *standby*. → *running*: chunks of the log are applied and committed, parts are written;
 * when another worker comes, what is too many is written out and given back. A lost connection, a lost lease or a fence means that the outcome of the last command is unknown: the session is thrown
 * away whole, memory and all (*away*), and a new one starts from the cursors, which are the only truth about how far
 * it came. Errors that waiting cannot cure (another catalogue, a broken lake) end it: *ended*.
 *
 * Resolves once the first session is connected and checked.
 *
 * @throws PortraitError STATE_FROM_OTHER_CATALOGUE, LAKE_BROKEN, LOG_BROKEN, CONFIG_INVALID; REDIS_AWAY after `patienceMs` without an answer.
 */
export async function startIngestWorker(options: IngestWorkerOptions): Promise<IngestWorker> {
  const { log = silentLog, patienceMs = 10_000 } = options;
  const counts: IngestCounts = {
    state: "starting",
    applied: 0,
    duplicates: 0,
    forwarded: 0,
    partitions: 0,
    laked: 0,
    parts: 0,
    unflushed: 0,
    restarts: 0,
    lagMs: 0,
    waits: noWaits(),
  };
  const closing = new AbortController();
  const waiters: Waiter[] = [];
  let heard = performance.now(); // until when Redis was there: one that comes and goes is not away
  let answered = false; // in this session
  const home: IngestLife = {
    token: randomUUID(),
    counts,
    log,
    footers: new Map(),
    onAnswer: () => {
      answered = true;
    },
  };
  let checked = false;
  let announce: (error?: unknown) => void = () => {};
  const first = new Promise<void>((resolve, reject) => {
    announce = (error) => (error === undefined ? resolve() : reject(error));
  });

  async function live(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        const session = await openIngestSession(options, home);
        checked = true;
        announce();
        await session.run(closing.signal, waiters);
      } catch (thrown) {
        const error = redisFailure(thrown, "to apply the log");
        if (answered) heard = performance.now();
        answered = false;
        const passing = error instanceof Fenced || (error instanceof PortraitError && error.retry);
        const patient = checked || performance.now() - heard < patienceMs;
        if (!passing || !patient) throw error;
        counts.state = "away";
        counts.restarts++;
        log.warn({ restarts: counts.restarts, why: describe(error) }, "ingest starts again from the cursors");
        await pause(Math.min(50 * 2 ** Math.min(counts.restarts, 6), 1_000), closing.signal);
      }
    }
  }

  const life = live().then(
    () => {
      counts.state = "ended";
      announce();
      const stopped = new PortraitError("REDIS_AWAY", "The ingest worker was closed before everything was applied.");
      for (const { reject } of waiters.splice(0)) reject(stopped);
    },
    (error) => {
      counts.state = "ended";
      announce(error);
      for (const { reject } of waiters.splice(0)) reject(error);
      throw error;
    },
  );
  life.catch(() => {}); // whoever wants to know listens to `ended`
  await first;

  return {
    ended: life,
    async close() {
      closing.abort();
      await life.catch(() => {});
    },
    idle() {
      if (counts.state === "ended") return life.then(() => {});
      return new Promise((resolve, reject) => waiters.push({ resolve, reject }));
    },
    stats: () => structuredClone(counts),
  };
}

/** Somebody who waits until all is applied and flushed. */
export interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const describe = (error: unknown): string =>
  error instanceof PortraitError
    ? error.code
    : error instanceof Error
      ? `${error.name}: ${error.message}`
      : String(error);

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
