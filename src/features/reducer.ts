import { createHash } from "node:crypto";
import { PortraitError } from "../errors.ts";
import { EVENT_NAMES } from "../events/event.ts";
import { addToBucket, dropBefore } from "./buckets.ts";
import { createCodec } from "./codec.ts";
import { type FeatureDeclaration, facesOf, parseCatalogue } from "./declaration.ts";
import type { Reducer, Row, State } from "./feature.ts";
import type { Layout, Series, Trait, Values } from "./layout.ts";
import { emptyState, type LiveState } from "./live-state.ts";
import { createLook, createMoment } from "./moment.ts";
import { planFeatures } from "./plan.ts";
import { LONGEST_TEXT, pointsOf, textOf } from "./value.ts";
import { addValue, dropDaysBefore } from "./value-days.ts";
import { DAY_MS, DAYS_KEPT, SLOT_MS, SLOTS_KEPT } from "./window.ts";

/** What an event of one name changes. */
interface Targets {
  readonly series: readonly Series[];
  readonly values: readonly Values[];
  readonly traits: readonly Trait[];
}

/**
 * The one reducer, live and replayed, for the declared features.
 *
 * Events of any name count as activity of the entity. A property of the wrong type, not finite or out of bounds
 * is as good as absent: its event is counted, its value is not. A time before 1970 is taken as 1970.
 *
 * An entity of which nothing is known at the moment of reading has nothing to say anywhere (all NaN); of a known one,
 * counts, sums and distinct values are 0 where nothing happened. Buckets after now are not read. A state is exact for
 * day windows that reach back no further than 400 days, and for hour windows no further than 25 hours, from its
 * newest event; reading it further in the past sees less.
 *
 * Cost: `write` O(series of the event), `read` O(features + buckets in the longest window), both without allocation.
 *
 * @throws PortraitError CONFIG_INVALID when the declarations do not hold together
 */
export function createReducer(declarations: readonly unknown[]): Reducer {
  const features = parseCatalogue(declarations);
  const digest = catalogueDigest(features);
  const { layout, numbers, texts } = planFeatures(features);
  const codec = createCodec(digest, layout);
  const look = createLook(layout);
  const moment = createMoment(layout.cells, emptyState(digest, layout));
  const targetsOf = createTargets(layout);

  const own = (state: State): LiveState => {
    if (state.catalogue === digest) return state as LiveState;
    throw new PortraitError(
      "STATE_FROM_OTHER_CATALOGUE",
      `Wanted a state of the catalogue ${digest.slice(0, 16)}, found one of ${state.catalogue.slice(0, 16)}.`,
    );
  };

  return {
    features: facesOf(features),
    digest,
    empty: () => emptyState(digest, layout),

    write(state, event) {
      const live = own(state);
      const at = event.at > 0 ? Math.floor(event.at) : 0;
      advance(live, at, layout);
      const targets = targetsOf(event.name);
      writeSeries(live, targets.series, at, event.properties, layout);
      writeValues(live, targets.values, at, event.properties);
      writeTraits(live, targets.traits, at, event.properties);
    },

    read(state, now, row = emptyRow(numbers.length, texts.length)) {
      const live = own(state);
      if (live.newest < 0 || live.first > now) {
        row.numbers.fill(Number.NaN);
        row.texts.fill(undefined);
        return row;
      }
      look(moment, live, now);
      moment.numbers = row.numbers;
      for (let i = 0; i < numbers.length; i++) row.numbers[i] = numbers[i](moment);
      for (let i = 0; i < texts.length; i++) row.texts[i] = texts[i](moment);
      return row;
    },

    encode: (state) => codec.encode(own(state)),
    decode: (bytes) => codec.decode(bytes),
  };
}

export const emptyRow = (numbers: number, texts: number): Row => ({
  numbers: new Float64Array(numbers).fill(Number.NaN),
  texts: new Array<string | undefined>(texts).fill(undefined),
});

/** Of what features mean; their words for people may change without a rebuild of all states. */
const catalogueDigest = (features: readonly FeatureDeclaration[]): string =>
  createHash("sha256")
    .update(JSON.stringify(features.map(({ about: _about, unit: _unit, ...meaning }) => meaning)))
    .digest("hex");

function createTargets({ series, values, traits }: Layout): (event: string) => Targets {
  const any: Targets = { series: series.filter((one) => one.event === undefined), values: [], traits: [] };
  const names = new Set([...series, ...values].flatMap(({ event }) => (event === undefined ? [] : [event])));
  if (traits.length > 0) names.add(EVENT_NAMES.identify);
  const byName = new Map(
    [...names].map((name): [string, Targets] => [
      name,
      {
        series: series.filter(({ event }) => event === undefined || event === name),
        values: values.filter(({ event }) => event === name),
        traits: name === EVENT_NAMES.identify ? traits : [],
      },
    ]),
  );
  return (event) => byName.get(event) ?? any;
}

/** Moves first and newest time, and drops what lies too far behind the newest: it alone decides, so order does not. */
function advance(state: LiveState, at: number, layout: Layout): void {
  if (state.newest < 0) {
    state.first = at;
    state.newest = at;
    return;
  }
  if (at < state.first) state.first = at;
  if (at <= state.newest) return;
  const slot = Math.floor(at / SLOT_MS);
  if (slot > Math.floor(state.newest / SLOT_MS)) {
    dropBefore(state.slots, (slot - SLOTS_KEPT) * layout.slots.series.length);
    const day = Math.floor(at / DAY_MS);
    if (day > Math.floor(state.newest / DAY_MS)) {
      dropBefore(state.days, (day - DAYS_KEPT) * layout.days.series.length);
      for (const set of state.values) dropDaysBefore(set, day - DAYS_KEPT);
    }
  }
  state.newest = at;
}

function writeSeries(
  state: LiveState,
  targets: readonly Series[],
  at: number,
  properties: Parameters<typeof pointsOf>[0],
  layout: Layout,
): void {
  const day = Math.floor(at / DAY_MS);
  const slot = Math.floor(at / SLOT_MS);
  const dayKept = day >= Math.floor(state.newest / DAY_MS) - DAYS_KEPT;
  const slotKept = slot >= Math.floor(state.newest / SLOT_MS) - SLOTS_KEPT;
  for (let i = 0; i < targets.length; i++) {
    const series = targets[i];
    const points = series.value === undefined ? 0 : pointsOf(properties, series.value);
    if (Number.isNaN(points)) continue;
    if (series.day >= 0 && dayKept)
      addToBucket(state.days, day * layout.days.series.length + series.day, points, series.maxima);
    if (series.slot >= 0 && slotKept)
      addToBucket(state.slots, slot * layout.slots.series.length + series.slot, points, series.maxima);
    if (series.first >= 0 && (state.firsts[series.first] < 0 || at < state.firsts[series.first]))
      state.firsts[series.first] = at;
    if (series.last >= 0 && at > state.lasts[series.last]) state.lasts[series.last] = at;
  }
}

function writeValues(
  state: LiveState,
  targets: readonly Values[],
  at: number,
  properties: Parameters<typeof textOf>[0],
): void {
  const day = Math.floor(at / DAY_MS);
  for (let i = 0; i < targets.length; i++) {
    const { by, place, cap, texts } = targets[i];
    const text = textOf(properties, by);
    if (text === undefined || (texts && text.length > LONGEST_TEXT)) continue;
    addValue(state.values[place], text, texts, cap, day, Math.floor(state.newest / DAY_MS) - DAYS_KEPT);
  }
}

function writeTraits(
  state: LiveState,
  targets: readonly Trait[],
  at: number,
  properties: Parameters<typeof textOf>[0],
): void {
  for (let i = 0; i < targets.length; i++) {
    const { name, as, place } = targets[i];
    const value = as === "number" ? pointsOf(properties, name) : textOf(properties, name);
    if (value === undefined || Number.isNaN(value) || (typeof value === "string" && value.length > LONGEST_TEXT))
      continue;
    const known = state.traits[place];
    if (known === undefined || at > known.at || (at === known.at && value > known.value))
      state.traits[place] = { at, value };
  }
}
