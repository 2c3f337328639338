import type { Property } from "../../../src/events/event.ts";
import type { Lake, LoggedEvent } from "../../../src/events/event-log.ts";
import type { FeatureFace, Reducer, State } from "../../../src/features/feature.ts";

export const DAY = 86_400_000;
/** A Monday. */
export const MONDAY = Date.UTC(2026, 0, 5);

const face = (name: string, type: "number" | "category"): FeatureFace => ({
  name,
  type,
  unit: type === "number" ? "events" : "word",
  window: "all time",
  about: `the ${name} of it all`,
});

interface Diary extends State {
  readonly written: { name: string; at: number; category: Property | undefined }[];
}

/** The plainest reducer there is: it keeps a diary. `seen`: events so far · `quiet`: days since the last · `last`: the last category. */
export const diaryReducer: Reducer = {
  features: [face("seen", "number"), face("last", "category"), face("quiet", "number")],
  digest: "diary",
  empty: (): Diary => ({ catalogue: "diary", written: [] }),
  write(state, { name, at, properties }) {
    (state as Diary).written.push({ name, at, category: properties.category });
  },
  read(state, now, row = { numbers: new Float64Array(2), texts: [undefined] }) {
    const past = (state as Diary).written.filter((event) => event.at <= now);
    row.numbers[0] = past.length;
    row.numbers[1] = past.length ? (now - Math.max(...past.map((event) => event.at))) / DAY : Number.NaN;
    const words = past.filter((event) => typeof event.category === "string").sort((a, b) => a.at - b.at);
    row.texts[0] = words.at(-1)?.category as string | undefined;
    return row;
  },
  encode: () => new Uint8Array(),
  decode: () => ({ catalogue: "diary" }),
};

/** "u1 did Order Completed at day 3, known at day 4". */
export function did(
  id: string,
  name: string,
  day: number,
  properties: Readonly<Record<string, Property>> = {},
  knownDay = day,
): Omit<LoggedEvent, "position"> {
  return {
    id: `${id}-${name}-${day}-${knownDay}`,
    name,
    entity: { kind: "user", id },
    at: MONDAY + day * DAY,
    known: MONDAY + knownDay * DAY,
    properties,
    partition: 0,
  };
}

/** A lake of these events; their place in the list is their place in the log. `batch` rows at a time. */
export function lakeOf(
  list: readonly Omit<LoggedEvent, "position">[],
  batch = 3,
): Pick<Lake, "readByEntity" | "extent"> {
  const events = list.map((event, index): LoggedEvent => ({ ...event, position: { ms: 1, seq: 0, index } }));
  return {
    async *readByEntity({ kind, knownUntil = Number.POSITIVE_INFINITY }) {
      const wanted = events
        .filter((event) => (kind === undefined || event.entity.kind === kind) && event.known <= knownUntil)
        .sort(
          (a, b) =>
            (a.entity.id < b.entity.id ? -1 : a.entity.id > b.entity.id ? 1 : 0) ||
            a.known - b.known ||
            a.position.index - b.position.index,
        );
      for (let i = 0; i < wanted.length; i += batch) yield wanted.slice(i, i + batch);
    },
    async extent() {
      if (!events.length) return { events: 0 };
      return {
        events: events.length,
        firstAt: Math.min(...events.map((event) => event.at)),
        lastKnown: Math.max(...events.map((event) => event.known)),
      };
    },
  };
}
