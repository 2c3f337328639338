import type { Numbers } from "../../models/model.ts";
import type { Block, FeatureFace } from "../../src/features/feature.ts";
import { BLOCK, createBlockColumns, type NameOf } from "./block-columns.ts";

/** The columns of one kind of entity, made of readings: numbers, and categories with their levels, by column name. */
export interface ReadColumns {
  /** Once: what is held is given up. */
  finish(rows: number, values: Map<string, Numbers>, levels: Map<string, readonly string[]>): void;
}

/** One reading after the other. */
export interface ReadingsInTurn extends ReadColumns {
  /** What the next ones are read into, from the `filled`-th row on, which never is its last. They count when they are `taken`. */
  readonly block: Block;
  readonly filled: number;
  taken(count: number): void;
}

/** Readings in the order of the rows. */
export function createReadingsInTurn(faces: readonly FeatureFace[], nameOf: NameOf, room: number): ReadingsInTurn {
  const columns = createBlockColumns(faces, nameOf, room);
  let filled = 0;

  const flush = () => {
    columns.encode(filled);
    columns.append(filled);
    filled = 0;
  };

  return {
    block: columns.block,
    get filled() {
      return filled;
    },
    taken(count) {
      filled += count;
      if (filled === BLOCK) flush();
    },
    finish(_rows, values, levels) {
      flush();
      columns.finish(values, levels);
    },
  };
}
