import { z } from "zod";
import { type Kind, later, type ReadAll } from "../kind.ts";
import { type WindowPlaces, wantSeries, wantWindow } from "../layout.ts";
import { addPoints, POINTS } from "../value.ts";
import { upTo } from "../views.ts";
import { DAYS_KEPT, SLOTS_AN_HOUR, type Window } from "../window.ts";
import { EventName, KEEPS, PropertyName, words } from "../words.ts";

/** Half-lives by name, in days: of a visit, of a week, of a season. */
export const HALF_LIVES = { hot: 1, warm: 7, cold: 90 } as const;

/**
 * Events that fade: each counts 2^(−age / half-life), or that share of its number property `value`. 0 when there were
 * none. Ages are whole UTC days (today = 0), or five-minute slots for half-lives in hours; what is older than 24 hours,
 * 400 days or 20 half-lives (a millionth) is forgotten. Cost: O(buckets in that time).
 */
export const Decay = z
  .strictObject({
    kind: z.literal("decay"),
    ...words,
    event: EventName.optional(),
    value: PropertyName.optional(),
    halfLife: z.union([
      z.enum(["hot", "warm", "cold"]),
      z.strictObject({ days: z.number().min(0.5).max(DAYS_KEPT) }),
      z.strictObject({ hours: z.number().min(0.5).max(12) }),
    ]),
  })
  .refine(({ event, value }) => value === undefined || event !== undefined, {
    error: "a value is that of one event: name it",
    path: ["event"],
  });
type Decay = z.infer<typeof Decay>;

const FORGOTTEN_AFTER = 20;

/** In days or hours. */
const halfLifeOf = ({ halfLife }: Decay): { days: number } | { hours: number } =>
  typeof halfLife === "string" ? { days: HALF_LIVES[halfLife] } : halfLife;

function windowOf(halfLife: { days: number } | { hours: number }): Window {
  return "days" in halfLife
    ? { days: Math.min(DAYS_KEPT, Math.ceil(halfLife.days * FORGOTTEN_AFTER)), ago: 0 }
    : { hours: 24, ago: 0 };
}

export const decay: Kind<Decay> = {
  says: "events, or amounts, that fade by a half-life: hot (1 day), warm (7), cold (90) or your own",
  keeps: KEEPS.window,
  face(feature) {
    const halfLife = halfLifeOf(feature);
    const [length, unit] = "days" in halfLife ? [halfLife.days, "day"] : [halfLife.hours, "hour"];
    return {
      type: "number",
      unit: feature.value ?? "events",
      window: `half-life ${length} ${unit}${length === 1 ? "" : "s"}`,
    };
  },
  plan(feature, layout) {
    const halfLife = halfLifeOf(feature);
    const window = windowOf(halfLife);
    const inDays = "days" in window;
    const places = wantWindow(layout, wantSeries(layout, feature.event, feature.value), window);
    const half = "days" in halfLife ? halfLife.days : halfLife.hours * SLOTS_AN_HOUR;
    const reach = "days" in window ? window.days : window.hours * SLOTS_AN_HOUR;
    const weights = Float64Array.from({ length: reach }, (_, age) => 2 ** (-age / half));
    return later({ ...places, weights, inDays }, feature.value === undefined ? readEvents : readAmounts);
  },
};

interface Fading extends WindowPlaces {
  /** By age in days, or in slots. */
  readonly weights: Float64Array;
  readonly inDays: boolean;
}

const readEvents: ReadAll<Fading> = (ones, moments, from, until) => {
  const { numbers, base, width, tracks, sizes, windows, begins, ends } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { track, cell, weights, inDays, place } = ones[i];
    const { buckets, counts } = moments.state.tracks[track];
    const nows = inDays ? moments.today : moments.slot;
    for (let k = from; k < until; k++) {
      const now = nows[k];
      const t = k * tracks + track;
      const first = begins[k * windows + cell];
      const end = ends[k * windows + cell];
      let left = 0;
      let after = upTo(counts, end, sizes[t], moments.events[t]);
      for (let bucket = end - 1; bucket >= first; bucket--) {
        const before = counts[bucket];
        left += (after - before) * weights[now - buckets[bucket]];
        after = before;
      }
      numbers[base + k * width + place] = left;
    }
  }
};

const readAmounts: ReadAll<Fading> = (ones, moments, from, until) => {
  const { numbers, base, width, tracks, sizes, windows, begins, ends } = moments;
  for (let i = 0; i < ones.length; i++) {
    const { track, cell, weights, inDays, place } = ones[i];
    const { buckets, sums } = moments.state.tracks[track];
    const nows = inDays ? moments.today : moments.slot;
    for (let k = from; k < until; k++) {
      const now = nows[k];
      const t = k * tracks + track;
      const first = begins[k * windows + cell];
      const end = ends[k * windows + cell];
      let left = 0;
      let after = upTo(sums, end, sizes[t], moments.sums[t]);
      for (let bucket = end - 1; bucket >= first; bucket--) {
        const before = sums[bucket];
        left += addPoints(after, -before) * weights[now - buckets[bucket]];
        after = before;
      }
      numbers[base + k * width + place] = left / POINTS;
    }
  }
};
