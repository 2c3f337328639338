import { hash32 } from "./hash.ts";
import { addToTrack, countBetween, dropBefore, emptyTrack, type Lanes, placeOf, type Track } from "./track.ts";

/** One value of a property and the days it was seen on, with how often. `text` is "" where only the hash is kept. */
export interface ValueDays {
  hash: number;
  text: string;
  readonly days: Track;
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
  /** Values of an entity that nobody needs any more, whose memory is used again. */
  readonly spare: ValueDays[];
}

export const emptyValueSet = (): ValueSet => ({ values: [], overflowed: false, spare: [] });

/** The set with nothing in it. */
export function emptyAgain(set: ValueSet): void {
  for (const value of set.values) {
    value.days.size = 0;
    set.spare.push(value);
  }
  set.values.length = 0;
  set.overflowed = false;
}

/** A value that was seen on no day yet, to be put into the set. */
export function newValue({ spare }: ValueSet, hash: number, text: string): ValueDays {
  const value = spare.pop();
  if (value === undefined) return { hash, text, days: emptyTrack(VALUE_LANES) };
  value.hash = hash;
  value.text = text;
  return value;
}

/** Days of values are counted, and carry nothing. */
export const VALUE_LANES: Lanes = { value: undefined, maxima: false, minima: false };

function slotFor(values: readonly ValueDays[], hash: number, text: string): number {
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
  const i = slotFor(values, hash, kept);
  let value = values[i];
  if (value === undefined || value.hash !== hash || value.text !== kept) {
    if (values.length === cap) {
      set.overflowed = true;
      if (i === cap) return;
      values.pop();
    }
    value = newValue(set, hash, kept);
    if (i === values.length) values.push(value);
    else values.splice(i, 0, value);
  }
  if (day >= oldest) addToTrack(value.days, day, 0, VALUE_LANES);
}

export function dropDaysBefore(set: ValueSet, oldest: number): void {
  for (const { days } of set.values) dropBefore(days, oldest);
}

/** How often a value was seen on the days from `from` to `to`, both among them. */
export function timesWithin({ days }: ValueDays, from: number, to: number): number {
  const { buckets, counts, size } = days;
  if (size === 0) return 0;
  if (buckets[0] >= from && buckets[size - 1] <= to) return counts[size];
  return countBetween(days, placeOf(days, from), placeOf(days, to + 1));
}

/** The place of the value of this text among the kept ones; −1 = it is not among them. */
export function findValue({ values }: ValueSet, text: string, keepText: boolean): number {
  const hash = hash32(text);
  const kept = keepText ? text : "";
  return values.findIndex((value) => value.hash === hash && value.text === kept);
}
