import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createApi } from "../../src/http/app.ts";
import type { KeyHolder, KeyStore } from "../../src/http/keys.ts";
import { createServer, type Patience } from "../../src/http/server.ts";
import type { Services } from "../../src/http/services.ts";
import { answerOnSockets } from "../../src/http/socket-front.ts";
import { silentLog } from "../../src/log.ts";
import { BUILT_IN_RECIPES } from "../../src/retraining/recipes.ts";
import { createChampionHolder } from "../../src/scoring/champions.ts";
import { createMemoryAnsweredCalls } from "../../src/stores/memory/answered-calls.ts";
import { createMemoryArtifacts } from "../../src/stores/memory/artifacts.ts";
import { createMemoryAudit } from "../../src/stores/memory/audit.ts";
import { createMemoryErasures } from "../../src/stores/memory/erasures.ts";
import { createMemoryKeptScores } from "../../src/stores/memory/kept-scores.ts";
import { createMemoryHouse } from "../../src/stores/memory/memory-house.ts";
import { createMemoryQuarantine } from "../../src/stores/memory/quarantine.ts";
import { createMemoryReceipts } from "../../src/stores/memory/receipts.ts";
import { createMemoryRetrainQueue } from "../../src/stores/memory/retrain-queue.ts";
import { only } from "./reducers.ts";
import { NOON, PURCHASE_COLUMNS, tinyReducer, tinyScorer } from "./scoring.ts";

/** Keys by their text, for tests. */
export const testKeys = (holders: Readonly<Record<string, KeyHolder["scopes"]>>): KeyStore => ({
  check: (key) => (Object.hasOwn(holders, key) ? { id: key, name: key, scopes: holders[key] } : undefined),
});

/** purchase judges a user, fraud an order in flight, bank is a table's. */
export function testChampions(catalogue: string) {
  return new Map([
    ["purchase", tinyScorer({ catalogue })],
    [
      "fraud",
      tinyScorer({
        name: "fraud",
        catalogue,
        columns: [PURCHASE_COLUMNS[0], { name: "event.revenue", type: "number" }],
        weights: [-1, 0.01],
        base: 0,
      }),
    ],
    ["bank", tinyScorer({ name: "bank", columns: [{ name: "age", type: "number" }], weights: [0.1], base: -4 })],
  ]);
}

/** JSON that a test looks into without declaring its shape first. */
export interface Loose {
  readonly [name: string]: Loose;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; an empty object when it is none. */
  readonly body: Loose;
}

export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly services: Services;
  /** Asks with the admin key, unless `headers` say otherwise. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
}

/** Who answers `POST /v1/score`: the socket, as in production, `node:http` before Express, or Express. */
export const MOUNTS = ["on the socket", "in front of Express", "through Express"] as const;

export interface ServeOptions {
  readonly deadlineMs?: number;
  readonly patience?: Patience;
  readonly mount?: (typeof MOUNTS)[number];
}

/** The real app on a free port, everything on memory twins; a test replaces what it is about. */
export async function serve(given: Partial<Services> = {}, options: ServeOptions = {}): Promise<Served> {
  const reducers = given.reducers ?? only(tinyReducer());
  const { log: eventLog, states, lake } = createMemoryHouse({ reducers });
  const artifacts = given.artifacts ?? createMemoryArtifacts();
  const champions = given.champions ?? createChampionHolder(testChampions(reducers.of("user").digest));
  const services: Services = {
    log: silentLog,
    clock: () => NOON,
    open: false,
    audit: createMemoryAudit(() => NOON),
    keys: testKeys({
      admin: ["admin"],
      scorer: ["score"],
      reader: ["read"],
      tracker: ["track"],
      trainer: ["train"],
      keeper: ["privacy"],
    }),
    reducers,
    recipes: BUILT_IN_RECIPES,
    tagRules: [],
    eventLog,
    quarantine: createMemoryQuarantine({ clock: given.clock ?? (() => NOON) }),
    states,
    receipts: createMemoryReceipts({ clock: () => NOON }),
    lake,
    pending: async () => [],
    erasures: createMemoryErasures({ clock: () => NOON, newId: randomUUID }),
    answered: createMemoryAnsweredCalls(),
    keptScores: createMemoryKeptScores(),
    artifacts,
    champions,
    promote: (model, version, why) => artifacts.promote(model, version, why),
    segmentation: () => undefined,
    retraining: createMemoryRetrainQueue({ clock: () => NOON }),
    redisReady: () => true,
    seed: 7,
    ...given,
  };
  const { app, hot } = createApi(services, options);
  const { mount = "on the socket" } = options;
  const server = createServer(app, mount === "through Express" ? undefined : hot, options.patience);
  if (mount === "on the socket") answerOnSockets(server, hot);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const ask: Served["ask"] = async (method, path, body, headers = {}) => {
    const raw = typeof body === "string" || body instanceof Uint8Array;
    const res = await fetch(url + path, {
      method,
      headers: {
        authorization: "Bearer admin",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: raw ? new Uint8Array(Buffer.from(body)) : JSON.stringify(body) }),
    });
    const text = await res.text();
    const isJson = /[/+]json/.test(res.headers.get("content-type") ?? "");
    return { status: res.status, headers: res.headers, text, body: isJson ? JSON.parse(text) : {} };
  };
  return {
    url,
    services,
    ask,
    get: (path) => ask("GET", path),
    post: (path, body) => ask("POST", path, body),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
