import RudderAnalytics from "@rudderstack/rudder-sdk-node";
import { Analytics } from "@segment/analytics-node";
import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import type { EventLog, LoggedEvent } from "../../src/events/event-log.ts";
import { allOf } from "../support/events.ts";
import { useRedis } from "../support/redis.ts";
import { redisHouse } from "../support/redis-house.ts";
import { only } from "../support/reducers.ts";
import { tinyReducer } from "../support/scoring.ts";
import { serve } from "../support/serve.ts";

/**
 * The clients as they come from the registry, against the real server, a real Redis, a worker and the lake: nothing of
 * them is replaced or patched.
 */
const server = useRedis();

type Trouble = "none" | "refused before" | "refused after" | "too busy";

/** The real door, and what may go wrong at it: the first answers are lost, before or after the events were stored. */
function troubled(log: EventLog, troubles: Trouble[]): EventLog & { readonly calls: () => number } {
  let calls = 0;
  return {
    calls: () => calls,
    async append(events) {
      calls++;
      const trouble = troubles.shift() ?? "none";
      if (trouble !== "refused before" && trouble !== "too busy") await log.append(events);
      if (trouble !== "none")
        throw new PortraitError(trouble === "too busy" ? "TOO_BUSY" : "REDIS_AWAY", "later", { retryAfterS: 0 });
    },
  };
}

async function open(...troubles: Trouble[]) {
  const reducers = only(tinyReducer());
  const house = await redisHouse(server.url, reducers);
  const log = troubled(house.log, troubles);
  const served = await serve({ reducers, eventLog: log, states: house.states, clock: Date.now });
  return {
    url: served.url,
    calls: log.calls,
    /** Every event of the lake, once all that is in the log was applied. */
    async lake(): Promise<LoggedEvent[]> {
      const worker = await house.work();
      await worker.idle();
      return allOf(house.lake);
    },
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
}

const names = (events: readonly LoggedEvent[]) =>
  events.map(({ name, entity }) => `${entity.kind}:${entity.id} ${name}`).sort();

const ALL_SIX = [
  "company:acme $identify",
  "user:u1 $alias",
  "user:u1 $group",
  "user:u1 $identify",
  "user:u1 $page",
  "user:u1 $screen",
  "user:u1 Order Completed",
];

const segment = (url: string, more: object = {}) =>
  new Analytics({ writeKey: "tracker", host: url, flushInterval: 60_000, ...more });

test("Segment: all six calls arrive, each once, with its traits and properties", async () => {
  await using house = await open();
  const analytics = segment(house.url);
  const failed: unknown[] = [];
  analytics.on("error", (error) => failed.push(error));
  const userId = "u1";
  const timestamp = new Date(Date.now() - 3_600_000);
  analytics.track({ userId, event: "Order Completed", properties: { revenue: 60, cart: { items: 2 } }, timestamp });
  analytics.identify({ userId, traits: { age: 31, address: { city: "Köln" } } });
  analytics.page({ userId, name: "Home", category: "Shop", properties: { path: "/" } });
  analytics.screen({ userId, name: "Cart" });
  analytics.group({ userId, groupId: "acme", traits: { industry: "toys" } });
  analytics.alias({ userId, previousId: "anon-7" });
  await analytics.closeAndFlush();
  const events = await house.lake();
  expect(failed).toEqual([]);
  expect(names(events)).toEqual(ALL_SIX);
  const order = events.find(({ name }) => name === "Order Completed");
  expect({ ...order?.properties }).toEqual({ revenue: 60, "cart.items": 2 });
  expect(order?.at).toBe(timestamp.getTime());
  const company = events.find(({ entity }) => entity.kind === "company");
  expect({ ...company?.properties }).toEqual({ industry: "toys" });
});

test("Segment: it sends in batches of its own size, and flush empties what is left", async () => {
  await using house = await open();
  const analytics = segment(house.url, { flushAt: 20 });
  for (let i = 0; i < 45; i++) analytics.track({ anonymousId: `a${i % 7}`, event: "Product Viewed" });
  await analytics.flush();
  expect(house.calls()).toBe(3); // 20 + 20 + 5
  expect(await house.lake()).toHaveLength(45);
  await analytics.closeAndFlush();
});

test.each([
  ["refused before it was stored", "refused before"],
  ["stored, but the answer was lost", "refused after"],
  ["asked to come again", "too busy"],
] as const)("Segment: a batch that was %s is sent again by itself and counts once", async (_, trouble) => {
  await using house = await open(trouble);
  const analytics = segment(house.url);
  for (let i = 0; i < 5; i++) analytics.track({ userId: "u1", event: "Order Completed", properties: { revenue: i } });
  await analytics.closeAndFlush();
  expect(house.calls()).toBe(2);
  const events = await house.lake();
  expect(events.map(({ properties }) => properties.revenue).sort()).toEqual([0, 1, 2, 3, 4]);
});

test("Segment: a wrong write key and a refused batch are told to the caller, not sent again", async () => {
  await using house = await open();
  for (const [writeKey, event] of [
    ["wrong", "Order Completed"],
    ["tracker", "$ours"],
  ]) {
    const analytics = segment(house.url, { writeKey });
    const failed: unknown[] = [];
    analytics.on("error", (error) => failed.push(error));
    analytics.track({ userId: "u1", event });
    await analytics.closeAndFlush();
    expect(failed).toHaveLength(1);
  }
  expect(await house.lake()).toEqual([]);
});

const rudder = (url: string, more: object = {}) =>
  new RudderAnalytics("tracker", {
    dataPlaneUrl: url,
    flushInterval: 60_000,
    logLevel: "silent",
    ...more,
  });

test.each([true, false])("RudderStack: all six calls arrive, each once (gzip %s)", async (gzip) => {
  await using house = await open();
  const analytics = rudder(house.url, { gzip, flushAt: 100 });
  const userId = "u1";
  const timestamp = new Date(Date.now() - 3_600_000);
  analytics.track({ userId, event: "Order Completed", properties: { revenue: 60, cart: { items: 2 } }, timestamp });
  analytics.identify({ userId, traits: { age: 31 } });
  analytics.page({ userId, name: "Home", category: "Shop", properties: { path: "/" } });
  analytics.screen({ userId, name: "Cart" });
  analytics.group({ userId, groupId: "acme", traits: { industry: "toys" } });
  analytics.alias({ userId, previousId: "anon-7" });
  await analytics.flush();
  await analytics.flush();
  const events = await house.lake();
  expect(names(events)).toEqual(ALL_SIX);
  const order = events.find(({ name }) => name === "Order Completed");
  expect({ ...order?.properties }).toEqual({ revenue: 60, "cart.items": 2 });
  expect(order?.at).toBe(timestamp.getTime());
});

test.each([
  ["refused before it was stored", "refused before"],
  ["stored, but the answer was lost", "refused after"],
  ["asked to come again", "too busy"],
] as const)("RudderStack: a batch that was %s is sent again by itself and counts once", async (_, trouble) => {
  await using house = await open(trouble);
  const analytics = rudder(house.url, { flushAt: 100 });
  for (let i = 0; i < 5; i++) analytics.track({ userId: "u1", event: "Order Completed", properties: { revenue: i } });
  await flushed(analytics);
  await flushed(analytics);
  expect(house.calls()).toBe(3); // it sends its first event alone: that twice, then four more
  const events = await house.lake();
  expect(events.map(({ properties }) => properties.revenue).sort()).toEqual([0, 1, 2, 3, 4]);
});

test("RudderStack: it sends in batches of its own size, and flush empties what is left", async () => {
  await using house = await open();
  const analytics = rudder(house.url, { flushAt: 20 });
  for (let i = 0; i < 45; i++) analytics.track({ anonymousId: `a${i % 7}`, event: "Product Viewed" });
  for (let i = 0; i < 4; i++) await flushed(analytics);
  expect(await house.lake()).toHaveLength(45);
  expect(house.calls()).toBeGreaterThanOrEqual(3);
});

/** Its flush ends when its batch is answered. */
const flushed = (analytics: RudderAnalytics) => new Promise<void>((done) => void analytics.flush(() => done()));
