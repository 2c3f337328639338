import { PortraitError } from "../errors.ts";
import { type ByteReader, type ByteWriter, createByteReader, createByteWriter } from "./byte-lanes.ts";
import { lookBack } from "./extremes.ts";
import { dayOf, hourOf, slotOf } from "./grid.ts";
import { hash32 } from "./hash.ts";
import type { Layout, Values } from "./layout.ts";
import { emptied, emptyState, type LiveState } from "./live-state.ts";
import { copyOf, countBetween, emptyTrack, type Lanes, NO_TRACK, sumBetween, type Track } from "./track.ts";
import { addPoints } from "./value.ts";
import { newValue, VALUE_LANES, type ValueSet } from "./value-days.ts";

/** Raised when the bytes change their meaning under the same declarations. */
const VERSION = 2;
const DIGEST_BYTES = 8;

export interface Codec {
  encode(state: LiveState): Uint8Array;
  /** @throws PortraitError STATE_FROM_OTHER_CATALOGUE, also when the bytes are damaged: both are mended by replay. */
  decode(bytes: Uint8Array, spent?: LiveState): LiveState;
}

/**
 * The bytes of a state: version, the first 8 bytes of the catalogue's digest, newest and first time, kept first and
 * last times, tracks with their buckets from the newest back, values, picked values. Times and buckets as distances from the newest, so that
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
        writeTracks(writer, state, layout);
        const today = dayOf(state.newest);
        layout.values.forEach((values, place) => {
          writeValues(writer, state.values[place], values, today);
        });
        writePicks(writer, state, layout);
      }
      return writer.take();
    },

    decode(bytes, spent) {
      if (!startsWith(bytes, head)) {
        const other = Buffer.from(bytes.subarray(1, 1 + DIGEST_BYTES)).toString("hex");
        throw refuse(bytes[0] === VERSION ? `one of ${other}` : "bytes of another format");
      }
      try {
        reader.open(bytes, head.length);
        const state = spent ? emptied(spent) : emptyState(digest, layout);
        readState(reader, state, layout);
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

function readState(reader: ByteReader, state: LiveState, layout: Layout): void {
  const newest = reader.whole() - 1;
  if (newest < 0) return;
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
  readTracks(reader, state, layout);
  const today = dayOf(newest);
  for (const values of layout.values) readValues(reader, state.values[values.place], values, today);
  readPicks(reader, state, layout);
}

/** Which of `count` things are there: a bit each, eight to a byte, so that what is empty costs an eighth of a byte. */
function writeMask(writer: ByteWriter, count: number, isThere: (place: number) => boolean): void {
  for (let first = 0; first < count; first += 8) {
    let bits = 0;
    for (let bit = 0; bit < 8 && first + bit < count; bit++) if (isThere(first + bit)) bits |= 1 << bit;
    writer.byte(bits);
  }
}

/** Into `mask`, to be asked with `isIn`. */
function readMask(reader: ByteReader, mask: number[], count: number): void {
  for (let first = 0; first < count; first += 8) mask[first >> 3] = reader.byte();
}
const isIn = (mask: readonly number[], place: number) => ((mask[place >> 3] >> (place & 7)) & 1) === 1;

const BUCKET_OF = { days: dayOf, hours: hourOf, slots: slotOf } as const;

function writeTracks(writer: ByteWriter, { tracks, newest }: LiveState, layout: Layout): void {
  writeMask(writer, tracks.length, (place) => tracks[place].size > 0);
  layout.tracks.forEach(({ grid, series }, place) => {
    if (tracks[place].size > 0) writeTrack(writer, tracks[place], BUCKET_OF[grid](newest), series);
  });
}

const there: number[] = [];
/** New tracks are drawn up here, and copied when their size is known: growing bit by bit costs more than reading. */
const draft = emptyTrack({ value: "any", maxima: true, minima: true });

function readTracks(reader: ByteReader, state: LiveState, { tracks }: Layout): void {
  readMask(reader, there, tracks.length);
  for (let place = 0; place < tracks.length; place++) {
    if (!isIn(there, place)) continue;
    const { grid, series } = tracks[place];
    const track = state.tracks[place];
    const newest = BUCKET_OF[grid](state.newest);
    if (track !== NO_TRACK) readTrack(reader, track, newest, series);
    else {
      readTrack(reader, draft, newest, series);
      state.tracks[place] = copyOf(draft, series);
    }
  }
}

/**
 * The number of buckets, then for each from the newest back: distance to the one after it · 2 + (more than one event),
 * the count where it is, and where the series has values their sum, and of more than one the maximum and the minimum.
 */
function writeTrack(writer: ByteWriter, track: Track, newest: number, lanes: Lanes): void {
  const { size, buckets, maxima, minima } = track;
  writer.whole(size);
  let after = newest + 1;
  for (let i = size - 1; i >= 0; i--) {
    const times = countBetween(track, i, i + 1);
    writer.whole((after - buckets[i] - 1) * 2 + (times > 1 ? 1 : 0));
    after = buckets[i];
    if (times > 1) writer.whole(times);
    if (lanes.value === undefined) continue;
    writer.signed(sumBetween(track, i, i + 1));
    if (times > 1 && lanes.maxima) writer.signed(maxima[i]);
    if (times > 1 && lanes.minima) writer.signed(minima[i]);
  }
}

/** A track as it is written: from the newest bucket back and one by one. One serves all tracks that are read. */
const back = {
  buckets: [] as number[],
  counts: [] as number[],
  sums: [] as number[],
  maxima: [] as number[],
  minima: [] as number[],
};

/** Into a track without buckets, over what its arrays may hold from before: ascending, and running up. */
function readTrack(reader: ByteReader, track: Track, newest: number, lanes: Lanes): void {
  const size = reader.length();
  readBack(reader, size, newest, lanes);
  const { buckets, counts } = track;
  let events = 0;
  for (let i = 0, j = size - 1; j >= 0; i++, j--) {
    buckets[i] = back.buckets[j];
    events += back.counts[j];
    counts[i + 1] = events;
  }
  track.size = size;
  if (lanes.value === undefined) return;
  const { sums, maxima, minima } = track;
  let sum = 0;
  for (let i = 0, j = size - 1; j >= 0; i++, j--) {
    sum = addPoints(sum, back.sums[j]);
    sums[i + 1] = sum;
    if (lanes.maxima) maxima[i] = back.maxima[j];
    if (lanes.minima) minima[i] = back.minima[j];
  }
  lookBack(track, lanes);
}

function readBack(reader: ByteReader, size: number, newest: number, lanes: Lanes): void {
  const { buckets, counts, sums, maxima, minima } = back;
  const valued = lanes.value !== undefined;
  let after = newest + 1;
  for (let i = 0; i < size; i++) {
    const word = reader.whole();
    after -= (word <= 0x7fffffff ? word >>> 1 : Math.floor(word / 2)) + 1;
    if (after < 0) throw new RangeError("a bucket lies before all time");
    const several = (word & 1) === 1;
    buckets[i] = after;
    counts[i] = several ? reader.whole() : 1;
    if (!valued) continue;
    const sum = reader.signed();
    sums[i] = sum;
    if (lanes.maxima) maxima[i] = several ? reader.signed() : sum;
    if (lanes.minima) minima[i] = several ? reader.signed() : sum;
  }
}

/** For each value: its hash or its text, then its days. */
function writeValues(writer: ByteWriter, { values, overflowed }: ValueSet, { texts }: Values, today: number): void {
  writer.whole(values.length * 2 + (overflowed ? 1 : 0));
  for (const { hash, text, days } of values) {
    if (texts) writer.text(text);
    else writer.word(hash);
    writeTrack(writer, days, today, VALUE_LANES);
  }
}

function readValues(reader: ByteReader, set: ValueSet, { texts }: Values, today: number): void {
  const word = reader.whole();
  set.overflowed = word % 2 === 1;
  for (let v = Math.floor(word / 2); v > 0; v--) {
    const text = texts ? reader.text() : "";
    const hash = texts ? hash32(text) : reader.word();
    const value = newValue(set, hash, text);
    readTrack(reader, value.days, today, VALUE_LANES);
    set.values.push(value);
  }
}

function writePicks(writer: ByteWriter, { picks, newest, first }: LiveState, layout: Layout): void {
  layout.picks.forEach(({ which }, place) => {
    const picked = picks[place];
    if (picked === undefined) {
      writer.whole(0);
      return;
    }
    writer.whole((which === "last" ? newest - picked.at : picked.at - first) + 1);
    if (typeof picked.value === "string") writer.text(picked.value);
    else writer.signed(picked.value);
  });
}

function readPicks(reader: ByteReader, { picks, newest, first }: LiveState, layout: Layout): void {
  for (const { as, which, place } of layout.picks) {
    const distance = reader.whole() - 1;
    if (distance < 0) continue;
    const at = which === "last" ? newest - distance : first + distance;
    picks[place] = { at, value: as === "category" ? reader.text() : reader.signed() };
  }
}
