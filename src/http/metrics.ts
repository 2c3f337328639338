import type { IncomingHttpHeaders } from "node:http";
import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  type MetricObject,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from "prom-client";
import type { Champions } from "../scoring/champions.ts";
import type { Traces } from "./otlp-traces.ts";
import { createRequestTimes } from "./request-times.ts";
import { measuresOfSiblings } from "./sibling-measures.ts";
import { createTimes } from "./times.ts";

/** Whoever invents methods must not fill the memory; routes and statuses are few. */
const METHODS = new Set(["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"]);

/** What stands in the stores and is asked for when Prometheus asks. */
export interface Measures {
  /** Age of the oldest event that is taken and not yet in the states; 0 when all are. */
  readonly behindMs: number;
  readonly jobs: Readonly<Record<"waiting" | "active" | "delayed" | "failed", number>>;
  /** Scores that `portrait check` made again, and those that came out otherwise. */
  readonly check: { readonly scores: number; readonly mismatched: number };
}

export interface Metrics {
  /** One answered request. `route` is the declared path, never the address that was asked for. */
  readonly answered: (
    method: string,
    route: string,
    status: number,
    seconds: number,
    headers: IncomingHttpHeaders,
    requestId: string,
  ) => void;
  /** @param seconds that the score took with its reading and its receipt; absent for one of many */
  readonly scored: (model: string, version: string, seconds?: number, count?: number) => void;
  readonly eventsTaken: (count: number) => void;
  /** The page for Prometheus, with its media type. */
  readonly page: () => Promise<{ readonly text: string; readonly type: string }>;
}

/** Measures of one app in a registry of its own. Labels hold routes, models and versions: never who was asked about. */
export function createMetrics(facts: {
  readonly champions: () => Champions;
  readonly redisReady: () => boolean;
  /** Rejects when the stores are away: what they would say is then left out. */
  readonly measures?: () => Promise<Measures>;
  readonly traces?: Traces;
}): Metrics {
  const { measures, traces } = facts;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = createRequestTimes();
  registry.registerMetric(requests.metric);
  const scores = createTimes("portrait_score_seconds", "Time of a score with its reading and its receipt, by model");
  registry.registerMetric(scores.metric);
  // counted by hand and told when asked: a counter of the library hashes its labels at every step
  const scored = new Map<string, { readonly model: string; readonly version: string; count: number }>();
  // often one champion answers all: a text that was a key before needs no hashing
  let last = { model: "", version: "", key: "" };
  new Counter({
    name: "portrait_scores_total",
    help: "Scores answered, by model and version",
    labelNames: ["model", "version"],
    registers,
    collect() {
      this.reset();
      for (const { model, version, count } of scored.values()) this.inc({ model, version }, count);
    },
  });
  const events = new Counter({ name: "portrait_events_taken_total", help: "Events accepted into the log", registers });
  new Gauge({
    aggregator: "max",
    name: "portrait_champion",
    help: "1 for each version that answers now",
    labelNames: ["model", "version"],
    registers,
    collect() {
      this.reset();
      for (const { name, version } of facts.champions().values()) this.set({ model: name, version }, 1);
    },
  });
  new Gauge({
    aggregator: "max",
    name: "portrait_champion_age_seconds",
    help: "Since the version that answers was made",
    labelNames: ["model"],
    registers,
    collect() {
      this.reset();
      for (const { name, manifest } of facts.champions().values())
        this.set({ model: name }, (Date.now() - Date.parse(manifest.createdAt)) / 1_000);
    },
  });
  new Gauge({
    aggregator: "min",
    name: "portrait_redis_ready",
    help: "1 when Redis answers",
    registers,
    collect() {
      this.set(facts.redisReady() ? 1 : 0);
    },
  });
  const stored = storedMeasures(registers);
  const all = measuresOfSiblings(async () => {
    stored(facts.redisReady() ? await measures?.().catch(() => undefined) : undefined);
    return registry.getMetricsAsJSON();
  });
  return {
    answered(given, route, status, seconds, headers, requestId) {
      const method = METHODS.has(given) ? given : "other";
      requests.observe(method, route, status, seconds);
      traces?.answered({ method, route, status, seconds, headers, requestId });
    },
    scored(model, version, seconds, count = 1) {
      if (last.model !== model || last.version !== version) last = { model, version, key: `${model} ${version}` };
      const { key } = last;
      const known = scored.get(key);
      if (known) known.count += count;
      else scored.set(key, { model, version, count });
      if (seconds !== undefined) scores.observe(key, seconds, () => ({ model, version }));
    },
    eventsTaken: (count) => events.inc(count),
    async page() {
      return { text: await textOfAll(await all()), type: registry.contentType };
    },
  };
}

/** Sums of what several processes counted; of what all see alike, the greatest or the least. */
const textOfAll = (all: readonly MetricObjectWithValues<MetricValue<string>>[][]): Promise<string> =>
  AggregatorRegistry.aggregate(all as unknown as MetricObject[]).metrics();

/** The measures of the stores; a missing one is absent, never zero. */
function storedMeasures(registers: Registry[]): (found: Measures | undefined) => void {
  const behind = new Gauge({
    aggregator: "max",
    name: "portrait_states_behind_seconds",
    help: "Age of the oldest event that is taken and not yet in the states",
    registers,
  });
  const jobs = new Gauge({
    aggregator: "max",
    name: "portrait_jobs",
    help: "Retraining jobs by state",
    labelNames: ["state"],
    registers,
  });
  const checked = new Gauge({
    aggregator: "max",
    name: "portrait_checked_scores",
    help: "Scores that portrait check made again from the log",
    registers,
  });
  const mismatched = new Gauge({
    aggregator: "max",
    name: "portrait_mismatched_scores",
    help: "Scores that came out otherwise when portrait check made them again: should be 0",
    registers,
  });
  const plain = [behind, checked, mismatched];
  for (const gauge of plain) gauge.remove(); // a fresh one says 0, which nobody has measured
  return (found) => {
    jobs.reset();
    if (!found) {
      for (const gauge of plain) gauge.remove();
      return;
    }
    behind.set(found.behindMs / 1_000);
    for (const [state, count] of Object.entries(found.jobs)) jobs.set({ state }, count);
    checked.set(found.check.scores);
    mismatched.set(found.check.mismatched);
  };
}
