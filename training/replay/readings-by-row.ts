import type { Numbers } from "../../models/model.ts";
import type { Block, FeatureFace } from "../../src/features/feature.ts";
import { BLOCK, createBlockColumns, type NameOf } from "./block-columns.ts";
import type { ReadColumns } from "./readings.ts";
import { moved } from "./room.ts";

/** Readings of rows in any order, at most one of each; a row that has none is missing. */
export interface ReadingsByRow extends ReadColumns {
  /** What the next ones are read into, from the `filled`-th row on. They count when they are `taken`. */
  readonly block: Block;
  readonly filled: number;
  /** Those are of the rows `rows[from]` to before `rows[until]`. */
  taken(rows: readonly number[], from: number, until: number): void;
}

/**
 * Columns are filled in the order of the readings. At the end each is put in the order of the rows by itself: a single
 * column is small enough for the caches to take far places, all of them together are not.
 * Memory: 4 or 8 bytes a number, 4 a reading, and one column more while it finishes.
 */
export function createReadingsByRow(faces: readonly FeatureFace[], nameOf: NameOf, room: number): ReadingsByRow {
  const columns = createBlockColumns(faces, nameOf, room);
  let rowOf: Int32Array = new Int32Array(Math.max(1, room));
  let kept = 0;
  let filled = 0;

  const flush = () => {
    columns.encode(filled);
    columns.append(filled);
    kept += filled;
    filled = 0;
  };

  return {
    block: columns.block,
    get filled() {
      return filled;
    },
    taken(rows, from, until) {
      const at = kept + filled - from;
      if (at + until > rowOf.length) rowOf = moved(rowOf, new Int32Array(2 * (at + until)));
      for (let k = from; k < until; k++) rowOf[at + k] = rows[k];
      filled += until - from;
      if (filled === BLOCK) flush();
    },
    finish(rows, values, levels) {
      if (filled > 0) flush();
      const found = new Map<string, Numbers>();
      columns.finish(found, levels);
      const inRows = createRowOrder(rowOf.subarray(0, kept), rows);
      for (const [name, column] of found) values.set(name, inRows(column));
      rowOf = new Int32Array(0);
    },
  };
}

/** Answers a function that puts a column in the order of the rows. The column's own memory may become that of the next. */
function createRowOrder(rowOf: Int32Array, rows: number): (column: Numbers) => Numbers {
  /** Columns that say the same are one array, and stay so. */
  const done = new Map<Numbers, Numbers>();
  let narrow: Float32Array | undefined;
  let wide: Float64Array | undefined;
  return (column) => {
    let ordered = done.get(column);
    if (ordered === undefined) {
      if (column instanceof Float32Array) {
        const to = narrow ?? new Float32Array(rows);
        narrow = column.length === rows ? column : undefined;
        ordered = spreadNarrow(column, rowOf, to);
      } else {
        const to = wide ?? new Float64Array(rows);
        wide = column.length === rows ? column : undefined;
        ordered = spreadWide(column, rowOf, to);
      }
      done.set(column, ordered);
    }
    return ordered;
  };
}

function spreadNarrow(from: Float32Array, rowOf: Int32Array, to: Float32Array): Float32Array {
  if (rowOf.length < to.length) to.fill(Number.NaN);
  for (let i = 0; i < rowOf.length; i++) to[rowOf[i]] = from[i];
  return to;
}

function spreadWide(from: Float64Array, rowOf: Int32Array, to: Float64Array): Float64Array {
  if (rowOf.length < to.length) to.fill(Number.NaN);
  for (let i = 0; i < rowOf.length; i++) to[rowOf[i]] = from[i];
  return to;
}
