import type { Block, Reducer, State, Stretch } from "./feature.ts";

/** What `Reducer.follow` answers, by its plain meaning: event after event, and a reading wherever a moment is. */
export function followByTurns(reducer: Reducer, state: State, stretch: Stretch, block: Block, place: number): void {
  const { events, moments, from, until } = stretch;
  const { before, now, inFlight } = moments;
  let written = stretch.written;
  for (let k = from; k < until; k++) {
    for (; written < before[k]; written++) reducer.write(state, events[written]);
    reducer.read(state, now[k], block.rows[place + k - from], inFlight ? events[before[k]] : undefined);
  }
}
