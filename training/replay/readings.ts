import type { Numbers } from "../../models/model.ts";
import type { Block, FeatureFace, Row } from "../../src/features/feature.ts";
import { emptyRow } from "../../src/features/reducer.ts";
import { createLanes } from "./lanes.ts";
import { createNumberColumn } from "./number-column.ts";

/** The columns of one kind of entity, made of readings: numbers, and categories with their levels, by column name. */
export interface ReadColumns {
  /** Once: what is held is given up. */
  finish(rows: number, values: Map<string, Numbers>, levels: Map<string, readonly string[]>): void;
}

/** One reading after the other. */
export interface ReadingsInTurn extends ReadColumns {
  /** What the next ones are read into, from the `filled`-th row on. They count when they are `taken`, one by one. */
  readonly block: Block;
  readonly filled: number;
  taken(): void;
}

export interface Lane {
  /** Among the features of the type. */
  readonly place: number;
  readonly name: string;
}

/** Which features become columns, and what these are called; undefined = none. */
export type NameOf = (feature: string) => string | undefined;

export const lanesOf = (faces: readonly FeatureFace[], type: FeatureFace["type"], nameOf: NameOf): Lane[] =>
  faces
    .filter((face) => face.type === type)
    .flatMap((face, place) => {
      const name = nameOf(face.name);
      return name === undefined ? [] : [{ place, name }];
    });

const countOf = (faces: readonly FeatureFace[], type: FeatureFace["type"]) =>
  faces.filter((face) => face.type === type).length;

/** Rows that are turned into columns together. Few enough to stay in the cache of a core: 128 × 50 × 8 bytes = 51 KB. */
export const BLOCK = 128;

export function createBlock(faces: readonly FeatureFace[]): Block {
  const width = countOf(faces, "number");
  const numbers = new Float64Array(BLOCK * width);
  const rows = Array.from(
    { length: BLOCK },
    (_, i): Row => ({
      numbers: numbers.subarray(i * width, (i + 1) * width),
      texts: emptyRow(0, countOf(faces, "category")).texts,
    }),
  );
  return { width, numbers, rows };
}

/**
 * Readings go into a block of rows, without a copy, and from there column by column: writing each of fifty columns at
 * each row would touch fifty far places.
 */
export function createReadingsInTurn(faces: readonly FeatureFace[], nameOf: NameOf, room: number): ReadingsInTurn {
  const [numbers, texts] = [lanesOf(faces, "number", nameOf), lanesOf(faces, "category", nameOf)];
  const columns = numbers.map(() => createNumberColumn(room));
  const lanes = createLanes(0, texts.length, room);
  const block = createBlock(faces);
  const { rows } = block;
  let kept = 0;
  let filled = 0;

  const flush = () => {
    if (filled === 0) return;
    for (let j = 0; j < numbers.length; j++) columns[j].append(block, numbers[j].place, filled);
    if (texts.length > 0) lanes.reach(kept + filled - 1);
    for (let j = 0; j < texts.length; j++) {
      const { place } = texts[j];
      for (let i = 0; i < filled; i++) lanes.text(j, kept + i, rows[i].texts[place]);
    }
    kept += filled;
    filled = 0;
  };

  return {
    block,
    get filled() {
      return filled;
    },
    taken() {
      if (++filled === BLOCK) flush();
    },
    finish(all, values, levels) {
      flush();
      numbers.forEach(({ name }, j) => {
        values.set(name, columns[j].whole());
      });
      texts.forEach(({ name }, j) => {
        const column = lanes.wholeTexts(j, all);
        values.set(name, column.values);
        levels.set(name, column.levels);
      });
    },
  };
}
