import type { Moments } from "../../src/features/feature.ts";
import { moved } from "./room.ts";

/** The rows of one entity: at which moments it is read, and what each has to teach. */
export interface EntityRows extends Moments {
  readonly labels: Uint8Array;
  /** One more; neither `before` nor `now` is less than those of the row before. */
  add(before: number, now: number, label: boolean): void;
  /** Makes it empty, for the next entity. */
  clear(): void;
}

const LEAST_ROOM = 256;

/** @param inFlight whether the rows are about the event after those that are written */
export function createEntityRows(inFlight: boolean): EntityRows {
  let count = 0;
  let before: Int32Array = new Int32Array(LEAST_ROOM);
  let now: Float64Array = new Float64Array(LEAST_ROOM);
  let labels: Uint8Array = new Uint8Array(LEAST_ROOM);
  return {
    inFlight,
    get count() {
      return count;
    },
    get before() {
      return before;
    },
    get now() {
      return now;
    },
    get labels() {
      return labels;
    },
    add(written, moment, label) {
      if (count === now.length) {
        before = moved(before, new Int32Array(2 * count));
        now = moved(now, new Float64Array(2 * count));
        labels = moved(labels, new Uint8Array(2 * count));
      }
      before[count] = written;
      now[count] = moment;
      labels[count++] = label ? 1 : 0;
    },
    clear() {
      count = 0;
    },
  };
}
