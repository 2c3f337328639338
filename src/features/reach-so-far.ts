import { comparePositions, type Position } from "../events/position.ts";
import type { Reach } from "../events/reach.ts";

/** A reach that grows with each event: a line a partition, changed in place. */
export class ReachSoFar {
  readonly #lines: { partition: number; position: Position }[];

  constructor(reach: Reach) {
    this.#lines = reach.map(({ partition, position }) => ({ partition, position }));
  }

  extend(partition: number, position: Position): void {
    for (const line of this.#lines) {
      if (line.partition !== partition) continue;
      if (comparePositions(position, line.position) > 0) line.position = position;
      return;
    }
    this.#lines.push({ partition, position });
    this.#lines.sort((a, b) => a.partition - b.partition);
  }

  now(): Reach {
    return this.#lines.map(({ partition, position }) => ({ partition, position }));
  }
}
