import { expect, test } from "vitest";
import { createRandom } from "../../../models/random.ts";
import type { Event, Property } from "../../../src/events/event.ts";
import type { Lake, LoggedEvent } from "../../../src/events/event-log.ts";
import { DEFAULT_FEATURES } from "../../../src/features/catalogue.ts";
import { createReducer } from "../../../src/features/reducer.ts";
import { assign } from "../../../src/segments/segmentation.ts";
import { segment } from "../../../training/segments/segment.ts";

const DAY = 86_400_000;
const END = Date.UTC(2026, 5, 1);
const reducer = createReducer(DEFAULT_FEATURES);

/** A lake of people: one in three buys often, the others look around; some came long ago. `kind` is always user. */
function people(count: number, seed: number): LoggedEvent[][] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, person) => {
    const entity = { kind: "user", id: `u${String(person).padStart(5, "0")}` };
    const add = (name: string, daysAgo: number, properties: Record<string, Property>): Event => {
      const at = Math.floor(END - daysAgo * DAY);
      return { id: "", name, entity, at, known: at, properties };
    };
    const buyer = person % 3 === 0;
    const long = random.below(2) === 0 ? 100 : 0;
    const events = [
      ...Array.from({ length: buyer ? 8 + random.below(6) : random.below(2) }, () =>
        add("Order Completed", long + random.next() * 90, { revenue: 20 + random.below(60) }),
      ),
      ...Array.from({ length: 1 + random.below(buyer ? 10 : 6) }, () =>
        add("Product Viewed", long + random.next() * 60, { category: `c${random.below(5)}` }),
      ),
    ].sort((a, b) => a.known - b.known);
    return events.map((event, i) => ({ ...event, partition: 0, position: { ms: person, seq: 0, index: i } }));
  });
}

function lakeOf(entities: readonly LoggedEvent[][]): Lake {
  const events = entities.flat();
  return {
    async *readByEntity({ kind, knownUntil = Number.POSITIVE_INFINITY }) {
      const wanted = events.filter(
        (event) => (kind === undefined || event.entity.kind === kind) && event.known <= knownUntil,
      );
      for (let i = 0; i < wanted.length; i += 100) yield wanted.slice(i, i + 100);
    },
    end: async () => new Map(),
    extent: async () => ({ events: events.length, lastKnown: END }),
    summary: async () => ({ events: events.length, entities: entities.length, lastKnown: END }),
  };
}
const request = { reducer, seed: 7, askedAt: END };

test("buyers and lookers fall apart, each segment named, shares and stages adding up", async () => {
  const crowd = people(600, 1);
  const made = await segment({ ...request, lake: lakeOf(crowd) });
  const { segments, entities, silhouettes } = made;
  expect(entities).toBe(600);
  expect(made.version).toBe("2026-06-01T00-00-00-000Z");
  expect(silhouettes.map(({ k }) => k)).toEqual([2, 3, 4, 5, 6, 7, 8]);
  expect(segments.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  expect(segments.reduce((sum, { entities: size }) => sum + size, 0)).toBe(600);
  expect(new Set(segments.map(({ name }) => name)).size).toBe(segments.length);
  expect(segments.map(({ share }) => share)).toEqual(segments.map(({ share }) => share).sort((a, b) => b - a));
  for (const { stages } of segments)
    expect(Object.values(stages).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);

  // Every segment is of buyers or of lookers, with few exceptions.
  let strays = 0;
  const members = segments.map(() => ({ buyers: 0, lookers: 0 }));
  crowd.forEach((events, person) => {
    const state = reducer.empty();
    for (const event of events) reducer.write(state, event);
    const membership = assign(made, reducer.read(state, END));
    if (membership) members[membership.segment][person % 3 === 0 ? "buyers" : "lookers"]++;
  });
  members.forEach(({ buyers, lookers }, i) => {
    strays += Math.min(buyers, lookers);
    expect(buyers + lookers).toBe(segments[i].entities);
  });
  expect(strays).toBeLessThan(30);
});

test("the same log and seed give the same segments, whatever the hour", async () => {
  const lake = lakeOf(people(300, 2));
  const once = await segment({ ...request, lake });
  const again = await segment({ ...request, lake, askedAt: END + 1 });
  expect({ ...again, version: once.version, createdAt: once.createdAt }).toEqual(once);
});

test("a number of segments may be asked for", async () => {
  const lake = lakeOf(people(200, 8));
  expect((await segment({ ...request, lake, count: 5 })).segments).toHaveLength(5);
  await expect(segment({ ...request, lake, count: 9 })).rejects.toMatchObject({ code: "INPUT_INVALID" });
});

test("what became known after the moment asked for changes nothing", async () => {
  const crowd = people(200, 3);
  const until = END - 95 * DAY;
  const past = crowd
    .map((events) => events.filter(({ known }) => known <= until))
    .filter((events) => events.length > 0);
  const cut = await segment({ ...request, lake: lakeOf(crowd), until });
  const alone = await segment({ ...request, lake: lakeOf(past), until });
  expect(cut).toEqual(alone);
  expect(cut.entities).toBe(past.length);
});

test("too few people, and people who are all alike, are refused in words", async () => {
  await expect(segment({ ...request, lake: lakeOf(people(29, 4)) })).rejects.toMatchObject({
    code: "DATASET_TOO_SMALL",
    message: expect.stringContaining("found 29"),
  });
  const [one] = people(1, 5);
  const twins = Array.from({ length: 50 }, (_, i) =>
    one.map((event) => ({ ...event, entity: { kind: "user", id: `twin${i}` } })),
  );
  await expect(segment({ ...request, lake: lakeOf(twins) })).rejects.toMatchObject({ code: "DATASET_TOO_SMALL" });
  await expect(segment({ ...request, lake: lakeOf(people(50, 6)), entity: "company" })).rejects.toMatchObject({
    code: "DATASET_TOO_SMALL",
  });
});

test("a cancelled making stops and says so", async () => {
  const abort = new AbortController();
  const steps: string[] = [];
  const making = segment({
    ...request,
    lake: lakeOf(people(200, 7)),
    signal: abort.signal,
    onProgress: (_, step) => {
      steps.push(step);
      if (step.startsWith("trying 3")) abort.abort();
    },
  });
  await expect(making).rejects.toMatchObject({ code: "TRAINING_CANCELLED" });
  expect(steps.at(-1)).toBe("trying 3 segments");
});
