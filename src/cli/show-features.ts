import { loadConfig } from "../config.ts";
import { PortraitError } from "../errors.ts";
import type { EntityRef, Property } from "../events/event.ts";
import type { LoggedEvent } from "../events/event-log.ts";
import { eventsBehind } from "../features/events-behind.ts";
import { readingOf } from "../features/reading.ts";
import { numberText } from "../portraits/evidence.ts";
import { loadDeclarations, reducersOf } from "../stores/disk/declarations.ts";
import { createParquetLake } from "../stores/lake/parquet-lake.ts";
import { entityFromLake } from "./entity-from-lake.ts";
import { harmless, paint, table } from "./terminal.ts";

interface Options {
  /** The end of the log when absent. */
  readonly at?: number;
  /** How many events of each name. */
  readonly events: number;
  readonly json: boolean;
}

/** The newest events of one name. */
interface Newest {
  readonly events: number;
  readonly newest: readonly LoggedEvent[];
}

interface ShownFeature {
  readonly name: string;
  /** Absent when it is missing. */
  readonly value?: Property;
  readonly unit: string;
  readonly window: string;
  readonly about: string;
  /** Names of the events it is made from; empty = of any name, or of none. */
  readonly from: readonly string[];
}

/** Prints one entity's features and the newest events behind them, made from the lake alone. @throws ENTITY_UNKNOWN */
export async function showFeatures(entity: EntityRef, { at, events: count, json }: Options): Promise<void> {
  if (!Number.isInteger(count) || count < 0)
    throw new PortraitError("INPUT_INVALID", "--events wants a whole number, such as 3.");
  const config = loadConfig(process.env);
  const declared = loadDeclarations(config.declarations);
  const reducers = reducersOf(declared);
  const reducer = reducers.of(entity.kind);
  const catalogue = declared.entities.find(({ name }) => name === entity.kind)?.features ?? declared.features;
  const lake = createParquetLake(config.paths.lake);
  try {
    const now = at ?? (await lake.extent()).lastKnown ?? Date.now();
    const seen = new Map<string, LoggedEvent[]>();
    const state = await entityFromLake(lake, reducers, entity, now, (event) => {
      const ofName = seen.get(event.name);
      if (ofName) ofName.push(event);
      else seen.set(event.name, [event]);
    });
    const reading = readingOf(reducer.features, reducer.read(state, now));
    const features = reducer.features.map(({ name, unit, window, about }, i): ShownFeature => {
      const value = reading.get(name);
      const from = eventsBehind(catalogue[i], catalogue);
      return { name, ...(value !== undefined && { value }), unit, window, about, from };
    });
    const events = new Map([...seen].map(([name, all]): [string, Newest] => [name, newestOf(all, count)]));
    process.stdout.write(json ? asJson(entity, now, features, events) : inWords(entity, now, features, events));
  } finally {
    await lake.close();
  }
}

const newestOf = (all: readonly LoggedEvent[], count: number): Newest => ({
  events: all.length,
  newest: [...all].sort((a, b) => b.at - a.at).slice(0, count),
});

const iso = (ms: number) => new Date(ms).toISOString();

function asJson(
  entity: EntityRef,
  now: number,
  features: readonly ShownFeature[],
  events: ReadonlyMap<string, Newest>,
): string {
  const plain = [...events].map(([name, { events, newest }]) => [
    name,
    {
      events,
      newest: newest.map(({ id, at, known, properties }) => ({ id, at: iso(at), known: iso(known), properties })),
    },
  ]);
  return `${JSON.stringify({ entity, at: iso(now), features, events: Object.fromEntries(plain) })}\n`;
}

/** Features grouped by the events they are made from, with the newest of these below. */
function inWords(
  { kind, id }: EntityRef,
  now: number,
  features: readonly ShownFeature[],
  events: ReadonlyMap<string, Newest>,
): string {
  const groups = new Map<string, ShownFeature[]>();
  for (const feature of features) {
    const title = feature.from.length > 0 ? feature.from.join(", ") : "events of any name";
    groups.set(title, [...(groups.get(title) ?? []), feature]);
  }
  const parts = [...groups].map(([title, group]) => {
    const rows = group.map(({ name, value, unit, about }) => [name, valueText(value), unit, about]);
    const names = group[0].from;
    const lines = names.flatMap((name) => eventLines(name, events.get(name), names.length > 1));
    return [`${paint("bold", title)}\n${table(["feature", "value", "unit", "what it says"], rows)}`, ...lines].join(
      "\n",
    );
  });
  const behind = new Set(features.flatMap(({ from }) => from));
  const others = [...events]
    .filter(([name]) => !behind.has(name))
    .map(([name, { events }]) => `${events} × ${harmless(name)}`);
  if (others.length > 0) parts.push(`counted among events of any name only: ${others.join(", ")}`);
  return `${paint("bold", `${kind} ${id}`)}, as of ${iso(now)}\n\n${parts.join("\n\n")}\n`;
}

const valueText = (value: Property | undefined): string =>
  value === undefined ? "–" : typeof value === "number" ? numberText(value) : String(value);

function eventLines(name: string, found: Newest | undefined, sayName: boolean): string[] {
  const title = sayName ? `${name}: ` : "";
  if (!found) return [paint("dim", `  ${title}no such event`)];
  const { events, newest } = found;
  const all = events.toLocaleString("en");
  const lines = newest.map(({ at, known, properties }) => {
    const late = known - at > 60_000 ? `, known ${iso(known)}` : "";
    return paint("dim", `  ${iso(at)}${late}  ${harmless(JSON.stringify(properties))}`);
  });
  return [
    paint("dim", `  ${title}${all} ${events === 1 ? "event" : "events"}${lines.length ? ", the newest:" : ""}`),
    ...lines,
  ];
}
