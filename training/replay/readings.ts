import type { FeatureFace, Row } from "../../src/features/feature.ts";
import { emptyRow } from "../../src/features/reducer.ts";
import { createCategoryCodes } from "./category-codes.ts";
import { createLanes } from "./lanes.ts";

/** The columns of one kind of entity, made of readings: numbers, and categories with their levels, by column name. */
export interface ReadColumns {
  /** Once: what is held is given up. */
  finish(rows: number, values: Map<string, Float64Array>, levels: Map<string, readonly string[]>): void;
}

/** One reading after the other. */
export interface ReadingsInTurn extends ReadColumns {
  /** What the next row is read into. It counts when it is `taken`. */
  next(): Row;
  taken(): void;
}

/** Readings in any order of rows; a row that is never put is missing. */
export interface ReadingsByRow extends ReadColumns {
  put(row: number, reading: Row): void;
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

const PAGE = 4_096;

/** Readings stay rows, in pages, until all are in: a row is a few neighbouring cache lines, a column each a miss. */
export function createReadingsByRow(faces: readonly FeatureFace[], nameOf: NameOf): ReadingsByRow {
  const [numbers, texts] = [lanesOf(faces, "number", nameOf), lanesOf(faces, "category", nameOf)];
  const places = Int32Array.from(numbers, ({ place }) => place);
  const words = texts.map(createCategoryCodes);
  const width = numbers.length;
  const pages: ({ readonly numbers: Float64Array; readonly codes: Int32Array } | undefined)[] = [];
  const pageOf = (row: number) => {
    const place = Math.floor(row / PAGE);
    pages[place] ??= {
      numbers: new Float64Array(PAGE * width).fill(Number.NaN),
      codes: new Int32Array(PAGE * texts.length).fill(-1),
    };
    return pages[place];
  };

  return {
    put(row, reading) {
      const page = pageOf(row);
      const at = row % PAGE;
      for (let j = 0, to = at * width; j < width; j++, to++) page.numbers[to] = reading.numbers[places[j]];
      for (let j = 0; j < texts.length; j++)
        page.codes[at * texts.length + j] = words[j].codeOf(reading.texts[texts[j].place]);
    },
    finish(rows, values, levels) {
      const columns = numbers.map(() => new Float64Array(rows));
      const codes = texts.map(() => new Int32Array(rows));
      for (let from = 0; from < rows; from += PAGE) {
        const page = pageOf(from);
        const filled = Math.min(PAGE, rows - from);
        columns.forEach((column, j) => {
          for (let i = 0, at = j; i < filled; i++, at += width) column[from + i] = page.numbers[at];
        });
        codes.forEach((column, j) => {
          for (let i = 0, at = j; i < filled; i++, at += texts.length) column[from + i] = page.codes[at];
        });
        pages[from / PAGE] = undefined;
      }
      numbers.forEach(({ name }, j) => {
        values.set(name, columns[j]);
      });
      texts.forEach(({ name }, j) => {
        const column = words[j].levelsOf(codes[j]);
        values.set(name, column.values);
        levels.set(name, column.levels);
      });
    },
  };
}
