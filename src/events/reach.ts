import { comparePositions, type Position, positionText } from "./position.ts";

/**
 * How far the log goes in something, partition by partition, ascending: the last event of each partition that is in it.
 *
 * An entity that events happen to has one line. One that events of others touch (a terminal, a device) has a line for
 * each partition that those others live in. Of every partition a state holds all accepted events of its entity up to
 * the position, so that a reach and the log say exactly which events a state was made from.
 */
export type Reach = readonly { readonly partition: number; readonly position: Position }[];

export const NO_REACH: Reach = Object.freeze([]);

/** Whether the event at this place is in. */
export function reaches(reach: Reach, partition: number, position: Position): boolean {
  const line = reach.find((one) => one.partition === partition);
  return line !== undefined && comparePositions(position, line.position) <= 0;
}

/** The reach with this event in it; the same one when it already is. */
export function extendReach(reach: Reach, partition: number, position: Position): Reach {
  if (reaches(reach, partition, position)) return reach;
  if (reach.length === 1 && reach[0].partition === partition) return [{ partition, position }];
  const others = reach.filter((one) => one.partition !== partition);
  return [...others, { partition, position }].sort((a, b) => a.partition - b.partition);
}

/** For people and JSON: "3/1700000000000-0-1 5/…", partition before position; "" when nothing is in. */
export const reachText = (reach: Reach): string =>
  reach.map(({ partition, position }) => `${partition}/${positionText(position)}`).join(" ");
