import type { Block, FeatureFace } from "../../src/features/feature.ts";
import { createLanes } from "./lanes.ts";
import { createNumberColumn } from "./number-column.ts";
import { BLOCK, createBlock, lanesOf, type NameOf, type ReadColumns } from "./readings.ts";
import { moved } from "./room.ts";

/** Readings of rows in any order, at most one of each; a row that has none is missing. */
export interface ReadingsByRow extends ReadColumns {
  /** What the next ones are read into, from the `filled`-th row on. They count when they are `taken`, one by one. */
  readonly block: Block;
  readonly filled: number;
  taken(row: number): void;
}

/** Readings of a page: whole blocks. Few and large ones, since each new one makes V8 look for garbage. */
const PAGE = 2_048 * BLOCK;

/**
 * Readings are kept as they come, one whole after the other. At the end those of a block of rows are fetched together,
 * a few neighbouring cache lines each, and turned into columns: a column in the order of the readings would be a far
 * place for each of its values. Memory: twice 8 bytes a number while it finishes.
 */
export function createReadingsByRow(faces: readonly FeatureFace[], nameOf: NameOf, room: number): ReadingsByRow {
  const [numbers, texts] = [lanesOf(faces, "number", nameOf), lanesOf(faces, "category", nameOf)];
  const lanes = createLanes(0, texts.length, room);
  const block = createBlock(faces);
  const { width, rows } = block;
  const page = Math.min(PAGE, Math.ceil((room + 1) / BLOCK) * BLOCK);
  const pages: Float64Array[] = [];
  let rowOf: Int32Array = new Int32Array(Math.max(1, room));
  let kept = 0;
  let filled = 0;

  const flush = () => {
    if (filled === 0) return;
    if (kept % page === 0) pages.push(new Float64Array(page * width));
    pages[pages.length - 1].set(block.numbers.subarray(0, filled * width), (kept % page) * width);
    if (texts.length > 0) lanes.reach(kept + filled - 1);
    for (let j = 0; j < texts.length; j++)
      for (let i = 0; i < filled; i++) lanes.text(j, kept + i, rows[i].texts[texts[j].place]);
    kept += filled;
    filled = 0;
  };

  /** Puts the readings of these rows into the block, in the order of the rows. */
  const fetch = (readingOf: Int32Array, first: number, count: number) => {
    for (let i = 0, to = 0; i < count; i++, to += width) {
      const reading = readingOf[first + i];
      if (reading < 0) {
        block.numbers.fill(Number.NaN, to, to + width);
        continue;
      }
      const from = pages[Math.floor(reading / page)];
      const at = (reading % page) * width;
      for (let k = 0; k < width; k++) block.numbers[to + k] = from[at + k];
    }
  };

  return {
    block,
    get filled() {
      return filled;
    },
    taken(row) {
      if (kept + filled === rowOf.length) rowOf = moved(rowOf, new Int32Array(2 * rowOf.length));
      rowOf[kept + filled] = row;
      if (++filled === BLOCK) flush();
    },
    finish(all, values, levels) {
      flush();
      const readingOf = new Int32Array(all).fill(-1);
      for (let i = 0; i < kept; i++) readingOf[rowOf[i]] = i;
      const columns = numbers.map(() => createNumberColumn(all));
      for (let from = 0; from < all; from += BLOCK) {
        const count = Math.min(BLOCK, all - from);
        fetch(readingOf, from, count);
        for (let j = 0; j < numbers.length; j++) columns[j].append(block, numbers[j].place, count);
      }
      pages.length = 0;
      numbers.forEach(({ name }, j) => {
        values.set(name, columns[j].whole());
      });
      texts.forEach(({ name }, j) => {
        const column = lanes.wholeTexts(j, kept);
        levels.set(name, column.levels);
        values.set(
          name,
          Float64Array.from(readingOf, (reading) => (reading < 0 ? Number.NaN : column.values[reading])),
        );
      });
    },
  };
}
