import type { Block, FeatureFace } from "../../src/features/feature.ts";
import { BLOCK, createBlockColumns, type NameOf } from "./block-columns.ts";
import type { ReadColumns } from "./readings.ts";
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
  const columns = createBlockColumns(faces, nameOf, room);
  const { block } = columns;
  const { width } = block;
  const page = Math.min(PAGE, Math.ceil((room + 1) / BLOCK) * BLOCK);
  const pages: Float64Array[] = [];
  let rowOf: Int32Array = new Int32Array(Math.max(1, room));
  let kept = 0;
  let filled = 0;

  const flush = () => {
    if (filled === 0) return;
    columns.encode(filled);
    if (kept % page === 0) pages.push(new Float64Array(page * width));
    pages[pages.length - 1].set(block.numbers.subarray(0, filled * width), (kept % page) * width);
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
    finish(rows, values, levels) {
      flush();
      const readingOf = new Int32Array(rows).fill(-1);
      for (let i = 0; i < kept; i++) readingOf[rowOf[i]] = i;
      for (let from = 0; from < rows; from += BLOCK) {
        const count = Math.min(BLOCK, rows - from);
        fetch(readingOf, from, count);
        columns.append(count);
      }
      pages.length = 0;
      columns.finish(values, levels);
    },
  };
}
