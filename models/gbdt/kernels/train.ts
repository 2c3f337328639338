/**
 * Everything a training does to shared memory, as phases. Each thread does its own share of a phase (its rows, or its
 * columns) and touches no other; models/gbdt/crew.ts keeps them in step.
 */
import { binColumn, turnRows } from "./binning";
import { gradients } from "./gradients";
import { histograms } from "./histogram";
import { partRows, payChoosing, payRest, payRows } from "./rows";
import { search } from "./search";

/** One thread's share of one phase. */
export function work(phase: i32, thread: i32): void {
  switch (phase) {
    case 1:
      binColumn(thread);
      break;
    case 2:
      turnRows(thread);
      break;
    case 3:
      gradients(thread);
      break;
    case 4:
      histograms(thread);
      break;
    case 5:
      search(thread);
      break;
    case 6:
      partRows(thread);
      break;
    case 7:
      payRows(thread);
      break;
    case 8:
      payRest(thread);
      break;
    case 9:
      payChoosing(thread);
      break;
  }
}

export { binValues, findCuts } from "./binning";
export { addRows } from "./histogram";
export { part } from "./rows";
