import { hash32 } from "./hash.ts";

/** One value of a property and the days it was seen on, ascending, with how often. `text` is "" where only the hash is kept. */
export interface ValueDays {
  readonly hash: number;
  readonly text: string;
  readonly days: number[];
  readonly counts: number[];
}

/**
 * The values an entity's events carried: those with the smallest hashes of all that were ever seen, `cap` at most,
 * sorted by (hash, text). A value that is in was in since it first came, because the bar only sinks; hence its
 * days are whole, whatever the order of events. For the same reason a value stays when all its days have been dropped.
 */
export interface ValueSet {
  readonly values: ValueDays[];
  /** Whether there ever were more than `cap` values. */
  overflowed: boolean;
}

export const emptyValueSet = (): ValueSet => ({ values: [], overflowed: false });

function placeOf(values: readonly ValueDays[], hash: number, text: string): number {
  let i = 0;
  while (i < values.length && (values[i].hash < hash || (values[i].hash === hash && values[i].text < text))) i++;
  return i;
}

/** One more event with this value on `day`; a day before `oldest` is noted as no day. */
export function addValue(
  set: ValueSet,
  text: string,
  keepText: boolean,
  cap: number,
  day: number,
  oldest: number,
): void {
  const hash = hash32(text);
  const kept = keepText ? text : "";
  const { values } = set;
  const i = placeOf(values, hash, kept);
  let value = values[i];
  if (value === undefined || value.hash !== hash || value.text !== kept) {
    if (values.length === cap) {
      set.overflowed = true;
      if (i === cap) return;
      values.pop();
    }
    value = { hash, text: kept, days: [], counts: [] };
    values.splice(i, 0, value);
  }
  if (day >= oldest) addDay(value, day);
}

function addDay({ days, counts }: ValueDays, day: number): void {
  let i = days.length;
  while (i > 0 && days[i - 1] >= day) i--;
  if (days[i] === day) counts[i]++;
  else {
    days.splice(i, 0, day);
    counts.splice(i, 0, 1);
  }
}

export function dropDaysBefore(set: ValueSet, oldest: number): void {
  for (const { days, counts } of set.values) {
    let gone = 0;
    while (gone < days.length && days[gone] < oldest) gone++;
    if (gone > 0) {
      days.splice(0, gone);
      counts.splice(0, gone);
    }
  }
}

/** How often a value was seen in the days after `after` and up to `today`. */
export function timesWithin({ days, counts }: ValueDays, after: number, today: number): number {
  let times = 0;
  for (let i = days.length - 1; i >= 0 && days[i] > after; i--) if (days[i] <= today) times += counts[i];
  return times;
}
