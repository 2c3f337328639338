import type { Numbers } from "../../models/model.ts";
import type { Block, FeatureFace } from "../../src/features/feature.ts";
import { createCategoryCodes } from "./category-codes.ts";
import { createNumberColumns } from "./number-columns.ts";

/** Rows that are turned into columns together. Few enough to stay in the cache of a core: 256 × 50 × 8 bytes = 102 KB. */
export const BLOCK = 256;

/** Which features become columns, and what these are called; undefined = none. */
export type NameOf = (feature: string) => string | undefined;

/** Turns readings of one kind of entity into columns, a block after the other. */
export interface BlockColumns {
  /** What readings go into, without a copy. Behind the numbers of each stand those that stand for its texts. */
  readonly block: Block;
  /** Puts numbers for the texts of the first `count` readings. */
  encode(count: number): void;
  /** Appends the first `count` readings, which are encoded, to the columns. */
  append(count: number): void;
  /** Once: what is held is given up. */
  finish(values: Map<string, Numbers>, levels: Map<string, readonly string[]>): void;
}

/**
 * From the block column by column: writing each of fifty columns at each row would touch fifty far places.
 *
 * @param room how many rows there may be: room that is never reached costs no memory. More rows than that may come.
 */
export function createBlockColumns(faces: readonly FeatureFace[], nameOf: NameOf, room: number): BlockColumns {
  const [numbers, texts] = [lanesOf(faces, "number", nameOf), lanesOf(faces, "category", nameOf)];
  const codes = texts.map(createCategoryCodes);
  const block = createBlock(faces, texts.length);
  const behind = block.width - texts.length;
  const columns = createNumberColumns([...numbers.map(({ place }) => place), ...texts.map((_, j) => behind + j)], room);

  return {
    block,
    encode(count) {
      for (let j = 0; j < texts.length; j++) putCodes(block, count, texts[j].place, codes[j].codeOf, behind + j);
    },
    append(count) {
      columns.append(block, count);
    },
    finish(values, levels) {
      const whole = columns.whole();
      numbers.forEach(({ name }, j) => {
        values.set(name, whole[j]);
      });
      texts.forEach(({ name }, j) => {
        const column = codes[j].levelsOf(whole[numbers.length + j]);
        values.set(name, column.values);
        levels.set(name, column.levels);
      });
    },
  };
}

function putCodes(
  { rows, numbers, width }: Block,
  count: number,
  text: number,
  codeOf: (text: string) => number,
  place: number,
): void {
  for (let i = 0, at = place; i < count; i++, at += width) {
    const word = rows[i].texts[text];
    numbers[at] = word === undefined ? Number.NaN : codeOf(word);
  }
}

interface Lane {
  /** Among the features of the type. */
  readonly place: number;
  readonly name: string;
}

const ofType = (faces: readonly FeatureFace[], type: FeatureFace["type"]) => faces.filter((face) => face.type === type);

const lanesOf = (faces: readonly FeatureFace[], type: FeatureFace["type"], nameOf: NameOf): Lane[] =>
  ofType(faces, type).flatMap((face, place) => {
    const name = nameOf(face.name);
    return name === undefined ? [] : [{ place, name }];
  });

/** @param more numbers behind those of a reading */
function createBlock(faces: readonly FeatureFace[], more: number): Block {
  const own = ofType(faces, "number").length;
  const width = own + more;
  const numbers = new Float64Array(BLOCK * width);
  const texts = ofType(faces, "category").length;
  const rows = Array.from({ length: BLOCK }, (_, i) => ({
    numbers: numbers.subarray(i * width, i * width + own),
    texts: new Array<string | undefined>(texts).fill(undefined),
  }));
  return { width, numbers, rows };
}
