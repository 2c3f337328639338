import type { State } from "./feature.ts";
import type { Layout } from "./layout.ts";
import { NO_TRACK, type Track } from "./track.ts";
import { emptyAgain, emptyValueSet, type ValueSet } from "./value-days.ts";

/** The first or last value of a property: a number in points or a text, whichever the catalogue asks for. */
export interface PickedValue {
  readonly at: number;
  readonly value: number | string;
}

/** The state of one entity, taken apart. All numbers are whole; times in ms, −1 = never. */
export interface LiveState extends State {
  /** Times of the oldest and the newest event of all. */
  first: number;
  newest: number;
  /** By place in the layout; `NO_TRACK` until something is written. */
  readonly tracks: Track[];
  readonly firsts: Float64Array;
  readonly lasts: Float64Array;
  readonly values: ValueSet[];
  readonly picks: (PickedValue | undefined)[];
}

export const emptyState = (catalogue: string, layout: Layout): LiveState => ({
  catalogue,
  first: -1,
  newest: -1,
  tracks: new Array<Track>(layout.tracks.length).fill(NO_TRACK),
  firsts: new Float64Array(layout.firsts).fill(-1),
  lasts: new Float64Array(layout.lasts).fill(-1),
  values: layout.values.map(emptyValueSet),
  picks: new Array<PickedValue | undefined>(layout.picks.length).fill(undefined),
});

/** The same state with nothing in it. Its tracks keep their arrays, which the next entity fills again. */
export function emptied(state: LiveState): LiveState {
  state.first = -1;
  state.newest = -1;
  for (const track of state.tracks) if (track.size > 0) track.size = 0;
  state.firsts.fill(-1);
  state.lasts.fill(-1);
  for (const set of state.values) emptyAgain(set);
  state.picks.fill(undefined);
  return state;
}
