import { PortraitError } from "../errors.ts";
import type { Buckets } from "./buckets.ts";
import { type ByteReader, type ByteWriter, createByteReader, createByteWriter } from "./byte-lanes.ts";
import { hash32 } from "./hash.ts";
import type { Grid, Layout, Values } from "./layout.ts";
import { emptyState, type LiveState } from "./live-state.ts";
import type { ValueSet } from "./value-days.ts";
import { DAY_MS, SLOT_MS } from "./window.ts";

/** Raised when the bytes change their meaning under the same declarations. */
const VERSION = 1;
const DIGEST_BYTES = 8;

export interface Codec {
  encode(state: LiveState): Uint8Array;
  /** @throws PortraitError STATE_FROM_OTHER_CATALOGUE, also when the bytes are damaged: both are mended by replay. */
  decode(bytes: Uint8Array): LiveState;
}

/**
 * The bytes of a state: version, the first 8 bytes of the catalogue's digest, newest and first time, kept first and
 * last times, buckets from the newest back, values, traits. Times and buckets as distances from the newest, so that
 * they are short. What the layout does not ask for takes no byte.
 */
export function createCodec(digest: string, layout: Layout): Codec {
  const head = Uint8Array.from([VERSION, ...Buffer.from(digest, "hex").subarray(0, DIGEST_BYTES)]);
  const writer = createByteWriter();
  const reader = createByteReader();
  const refuse = (found: string, cause?: unknown) =>
    new PortraitError(
      "STATE_FROM_OTHER_CATALOGUE",
      `Wanted a state of the catalogue ${digest.slice(0, 16)}, found ${found}. Rebuild the states from the log.`,
      { catalogue: digest.slice(0, 16) },
      cause,
    );

  return {
    encode(state) {
      writer.raw(head);
      writer.whole(state.newest + 1);
      if (state.newest >= 0) {
        writer.whole(state.newest - state.first);
        for (const time of state.firsts) writer.whole(time < 0 ? 0 : time - state.first + 1);
        for (const time of state.lasts) writer.whole(time < 0 ? 0 : state.newest - time + 1);
        writeBuckets(writer, state.slots, layout.slots, Math.floor(state.newest / SLOT_MS));
        const today = Math.floor(state.newest / DAY_MS);
        writeBuckets(writer, state.days, layout.days, today);
        layout.values.forEach((values, place) => {
          writeValues(writer, state.values[place], values, today);
        });
        writeTraits(writer, state);
      }
      return writer.take();
    },

    decode(bytes) {
      if (!startsWith(bytes, head)) {
        const other = Buffer.from(bytes.subarray(1, 1 + DIGEST_BYTES)).toString("hex");
        throw refuse(bytes[0] === VERSION ? `one of ${other}` : "bytes of another format");
      }
      try {
        reader.open(bytes, head.length);
        const state = readState(reader, digest, layout);
        if (reader.left > 0) throw new RangeError("bytes are left over");
        return state;
      } catch (error) {
        throw error instanceof RangeError ? refuse("damaged bytes", error) : error;
      }
    },
  };
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  for (let i = 0; i < head.length; i++) if (bytes[i] !== head[i]) return false;
  return true;
}

function readState(reader: ByteReader, digest: string, layout: Layout): LiveState {
  const state = emptyState(digest, layout);
  const newest = reader.whole() - 1;
  if (newest < 0) return state;
  state.newest = newest;
  state.first = newest - reader.whole();
  for (let i = 0; i < state.firsts.length; i++) {
    const time = reader.whole();
    if (time > 0) state.firsts[i] = state.first + time - 1;
  }
  for (let i = 0; i < state.lasts.length; i++) {
    const time = reader.whole();
    if (time > 0) state.lasts[i] = newest - time + 1;
  }
  readBuckets(reader, state.slots, layout.slots, Math.floor(newest / SLOT_MS));
  const today = Math.floor(newest / DAY_MS);
  readBuckets(reader, state.days, layout.days, today);
  layout.values.forEach((values, place) => {
    readValues(reader, state.values[place], values, today);
  });
  readTraits(reader, state, layout);
  return state;
}

/** For each bucket: distance to the one after it · 2 + (more than one event), the count where it is, sum and maximum where the series has values. */
function writeBuckets(writer: ByteWriter, { keys, counts, sums, maxima }: Buckets, grid: Grid, newest: number): void {
  const size = grid.series.length;
  if (size === 0) return;
  writer.whole(keys.length);
  let after = (newest + 1) * size;
  for (let i = keys.length - 1; i >= 0; i--) {
    const several = counts[i] > 1;
    writer.whole((after - keys[i] - 1) * 2 + (several ? 1 : 0));
    after = keys[i];
    if (several) writer.whole(counts[i]);
    const series = grid.series[keys[i] % size];
    if (series.value === undefined) continue;
    writer.signed(sums[i]);
    if (several && series.maxima) writer.signed(maxima[i]);
  }
}

function readBuckets(reader: ByteReader, buckets: Buckets, grid: Grid, newest: number): void {
  const size = grid.series.length;
  if (size === 0) return;
  const { keys, counts, sums, maxima } = buckets;
  const length = reader.length();
  let after = (newest + 1) * size;
  for (let i = 0; i < length; i++) {
    const word = reader.whole();
    after -= Math.floor(word / 2) + 1;
    if (after < 0) throw new RangeError("a bucket lies before all time");
    const several = word % 2 === 1;
    const series = grid.series[after % size];
    keys.push(after);
    counts.push(several ? reader.whole() : 1);
    const sum = series.value === undefined ? 0 : reader.signed();
    sums.push(sum);
    maxima.push(series.value !== undefined && several && series.maxima ? reader.signed() : series.maxima ? sum : 0);
  }
  for (const lane of [keys, counts, sums, maxima]) lane.reverse();
}

/** For each value: its hash or its text, then its days from the newest back, as in buckets. */
function writeValues(writer: ByteWriter, { values, overflowed }: ValueSet, { texts }: Values, today: number): void {
  writer.whole(values.length * 2 + (overflowed ? 1 : 0));
  for (const { hash, text, days, counts } of values) {
    if (texts) writer.text(text);
    else writer.word(hash);
    writer.whole(days.length);
    let after = today + 1;
    for (let i = days.length - 1; i >= 0; i--) {
      writer.whole((after - days[i] - 1) * 2 + (counts[i] > 1 ? 1 : 0));
      after = days[i];
      if (counts[i] > 1) writer.whole(counts[i]);
    }
  }
}

function readValues(reader: ByteReader, set: ValueSet, { texts }: Values, today: number): void {
  const word = reader.whole();
  set.overflowed = word % 2 === 1;
  for (let v = Math.floor(word / 2); v > 0; v--) {
    const text = texts ? reader.text() : "";
    const hash = texts ? hash32(text) : reader.word();
    const days: number[] = [];
    const counts: number[] = [];
    let after = today + 1;
    for (let length = reader.length(); length > 0; length--) {
      const step = reader.whole();
      after -= Math.floor(step / 2) + 1;
      days.push(after);
      counts.push(step % 2 === 1 ? reader.whole() : 1);
    }
    set.values.push({ hash, text, days: days.reverse(), counts: counts.reverse() });
  }
}

function writeTraits(writer: ByteWriter, { traits, newest }: LiveState): void {
  for (const trait of traits) {
    writer.whole(trait === undefined ? 0 : newest - trait.at + 1);
    if (typeof trait?.value === "string") writer.text(trait.value);
    else if (trait !== undefined) writer.signed(trait.value as number);
  }
}

function readTraits(reader: ByteReader, { traits, newest }: LiveState, layout: Layout): void {
  for (const { as, place } of layout.traits) {
    const distance = reader.whole();
    if (distance > 0)
      traits[place] = { at: newest - distance + 1, value: as === "category" ? reader.text() : reader.signed() };
  }
}
