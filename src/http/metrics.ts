import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Champions } from "../scoring/champions.ts";
import { createRequestTimes } from "./request-times.ts";

/** Whoever invents methods must not fill the memory; routes and statuses are few. */
const METHODS = new Set(["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"]);

export interface Metrics {
  /** One answered request. `route` is the declared path, never the address that was asked for. */
  readonly answered: (method: string, route: string, status: number, seconds: number) => void;
  readonly scored: (model: string, version: string) => void;
  readonly eventsTaken: (count: number) => void;
  /** The page for Prometheus, with its media type. */
  readonly page: () => Promise<{ readonly text: string; readonly type: string }>;
}

/** Measures of one app in a registry of its own. Labels hold routes, models and versions: never who was asked about. */
export function createMetrics(facts: {
  readonly champions: () => Champions;
  readonly redisReady: () => boolean;
}): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = createRequestTimes();
  registry.registerMetric(requests.metric);
  // counted by hand and told when asked: a counter of the library hashes its labels at every step
  const scored = new Map<string, { readonly model: string; readonly version: string; count: number }>();
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
    name: "portrait_redis_ready",
    help: "1 when Redis answers",
    registers,
    collect() {
      this.set(facts.redisReady() ? 1 : 0);
    },
  });
  return {
    answered: (given, route, status, seconds) =>
      requests.observe(METHODS.has(given) ? given : "other", route, status, seconds),
    scored(model, version) {
      const key = `${model} ${version}`;
      const known = scored.get(key);
      if (known) known.count++;
      else scored.set(key, { model, version, count: 1 });
    },
    eventsTaken: (count) => events.inc(count),
    page: async () => ({ text: await registry.metrics(), type: registry.contentType }),
  };
}
