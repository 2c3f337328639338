import type { FeatureFace, Row } from "../../src/features/feature.ts";
import { emptyRow } from "../../src/features/reducer.ts";
import { createLanes } from "./lanes.ts";

/** The columns of one kind of entity, made of readings: numbers, and categories with their levels, by column name. */
export interface ReadColumns {
  /** Once: what is held is given up. */
  finish(rows: number, values: Map<string, Float64Array>, levels: Map<string, readonly string[]>): void;
}

/** One reading after the other. */
export interface ReadingsInTurn extends ReadColumns {
  /** What the next one is read into. It counts when it is `taken`. */
  next(): Row;
  taken(): void;
}

/** Readings of rows in any order, at most one of each; a row that has none is missing. */
export interface ReadingsByRow extends ReadColumns {
  next(): Row;
  taken(row: number): void;
}

interface Lane {
  /** Among the features of the type. */
  readonly place: number;
  readonly name: string;
}

/** Which features become columns, and what these are called; undefined = none. */
export type NameOf = (feature: string) => string | undefined;

const lanesOf = (faces: readonly FeatureFace[], type: FeatureFace["type"], nameOf: NameOf): Lane[] =>
  faces
    .filter((face) => face.type === type)
    .flatMap((face, place) => {
      const name = nameOf(face.name);
      return name === undefined ? [] : [{ place, name }];
    });

const countOf = (faces: readonly FeatureFace[], type: FeatureFace["type"]) =>
  faces.filter((face) => face.type === type).length;

/** Rows that are turned into columns together. Few enough to stay in the cache of a core: 128 × 50 × 8 bytes = 51 KB. */
const BLOCK = 128;

/**
 * Readings go into a block of rows, without a copy, and from there column by column: writing each of fifty columns at
 * each row would touch fifty far places.
 */
export function createReadingsInTurn(faces: readonly FeatureFace[], nameOf: NameOf, room: number): ReadingsInTurn {
  const width = countOf(faces, "number");
  const [numbers, texts] = [lanesOf(faces, "number", nameOf), lanesOf(faces, "category", nameOf)];
  const lanes = createLanes(numbers.length, texts.length, room);
  const block = new Float64Array(BLOCK * width);
  const rows = Array.from(
    { length: BLOCK },
    (_, i): Row => ({
      numbers: block.subarray(i * width, (i + 1) * width),
      texts: emptyRow(0, countOf(faces, "category")).texts,
    }),
  );
  let kept = 0;
  let filled = 0;

  const flush = () => {
    if (filled === 0) return;
    lanes.reach(kept + filled - 1);
    for (let j = 0; j < numbers.length; j++) {
      const column = lanes.numbers[j];
      let at = numbers[j].place;
      for (let i = 0; i < filled; i++, at += width) column[kept + i] = block[at];
    }
    for (let j = 0; j < texts.length; j++) {
      const { place } = texts[j];
      for (let i = 0; i < filled; i++) lanes.text(j, kept + i, rows[i].texts[place]);
    }
    kept += filled;
    filled = 0;
  };

  return {
    next: () => rows[filled],
    taken() {
      if (++filled === BLOCK) flush();
    },
    finish(all, values, levels) {
      flush();
      numbers.forEach(({ name }, j) => {
        values.set(name, lanes.wholeNumbers(j, all));
      });
      texts.forEach(({ name }, j) => {
        const column = lanes.wholeTexts(j, all);
        values.set(name, column.values);
        levels.set(name, column.levels);
      });
    },
  };
}

/**
 * Columns in the order in which the readings came, put into that of the rows at the end: each value is fetched from
 * afar once, which is cheaper than writing whole rows to far places. Memory: one column more than there are.
 */
export function createReadingsByRow(faces: readonly FeatureFace[], nameOf: NameOf, room: number): ReadingsByRow {
  const inTurn = createReadingsInTurn(faces, nameOf, room);
  let rowOf: Int32Array = new Int32Array(Math.max(1, room));
  let taken = 0;

  return {
    next: inTurn.next,
    taken(row) {
      inTurn.taken();
      if (taken === rowOf.length) rowOf = widened(rowOf);
      rowOf[taken++] = row;
    },
    finish(rows, values, levels) {
      const columns = new Map<string, Float64Array>();
      inTurn.finish(taken, columns, levels);
      const readingOf = new Int32Array(rows).fill(-1);
      for (let i = 0; i < taken; i++) readingOf[rowOf[i]] = i;
      let spare: Float64Array = new Float64Array(rows);
      for (const [name, column] of columns) {
        for (let row = 0; row < rows; row++) {
          const reading = readingOf[row];
          spare[row] = reading < 0 ? Number.NaN : column[reading];
        }
        values.set(name, spare);
        spare = roomFor(rows, column);
      }
    },
  };
}

function widened(from: Int32Array): Int32Array {
  const to = new Int32Array(2 * from.length);
  to.set(from);
  return to;
}

/** The memory of a column that is done with, where there is enough of it. */
const roomFor = (rows: number, { buffer }: Float64Array): Float64Array =>
  buffer.byteLength >= rows * Float64Array.BYTES_PER_ELEMENT
    ? new Float64Array(buffer, 0, rows)
    : new Float64Array(rows);
