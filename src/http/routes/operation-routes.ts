import { z } from "zod";
import type { ChampionHolder } from "../../scoring/champions.ts";
import type { Metrics } from "../metrics.ts";
import { json, type Route, route } from "../route.ts";

const Ready = z.object({
  ready: z.boolean(),
  missing: z.array(z.enum(["redis", "models", "segments"])),
  without: z.array(z.string()).meta({ description: "What does not work meanwhile" }),
  champions: z.record(z.string(), z.string()).meta({ description: "Which version of each model answers" }),
});

/** What stands still while a neighbour is missing. */
const WITHOUT = {
  redis: ["scores by id", "receipts", "portraits", "tracking", "retraining"],
  models: ["scores"],
  segments: ["segments"],
} as const;

export function operationRoutes(needs: {
  readonly champions: ChampionHolder;
  readonly redisReady: () => boolean;
  readonly hasSegments: () => boolean;
  readonly metrics: Metrics;
  readonly openApi: () => unknown;
}): Route[] {
  const { champions, redisReady, hasSegments, metrics, openApi } = needs;
  const open = { scope: undefined, group: "Operations", errors: [] } as const;

  return [
    route({
      ...open,
      method: "get",
      path: "/livez",
      summary: "Whether the process lives",
      answers: { 200: { about: "It does", schema: z.object({ alive: z.literal(true) }) } },
      handle: () => json({ alive: true }),
    }),
    route({
      ...open,
      method: "get",
      path: "/readyz",
      summary: "Whether it can work, and what is missing",
      answers: {
        200: { about: "It works, perhaps without something", schema: Ready },
        503: { about: "Neither Redis nor any model is there", schema: Ready },
      },
      handle() {
        const current = champions.current();
        const missing = [
          ...(redisReady() ? [] : (["redis"] as const)),
          ...(current.size > 0 ? [] : (["models"] as const)),
          ...(hasSegments() ? [] : (["segments"] as const)),
        ];
        // scoring outlives Redis, and taking events outlives the lack of models: it is out of work without both only
        const ready = redisReady() || current.size > 0;
        const without = [...new Set(missing.flatMap((one) => WITHOUT[one]))];
        const versions = Object.fromEntries([...current].map(([name, { version }]) => [name, version]));
        return json({ ready, missing, without, champions: versions }, ready ? 200 : 503);
      },
    }),
    route({
      ...open,
      method: "get",
      path: "/metrics",
      summary: "Measures for Prometheus",
      answers: { 200: { about: "Prometheus text format", type: "text/plain" } },
      handle: async () => ({ status: 200, ...(await metrics.page()) }),
    }),
    route({
      ...open,
      method: "get",
      path: "/openapi.json",
      summary: "This API, as OpenAPI 3.1",
      answers: { 200: { about: "The document", schema: z.record(z.string(), z.unknown()) } },
      handle: () => json(openApi()),
    }),
  ];
}
