import type { LoggedEvent } from "../../events/event-log.ts";
import { comparePositions } from "../../events/position.ts";
import { compareUtf8 } from "./utf8-order.ts";

/** As many events are handed on at once. */
const AT_ONCE = 2_048;

/** A stream, and where it is read. */
interface Head<E> {
  readonly batches: AsyncIterator<readonly E[]>;
  events: readonly E[];
  at: number;
}

/**
 * Streams of events of one kind, each by (entity, known, position, partition), as one in the same order.
 * In memory: a batch of each stream. Cost: an entity of one stream is passed on without a comparison of its events.
 */
export async function* mergeByEntity<E extends LoggedEvent>(
  streams: readonly AsyncIterable<readonly E[]>[],
): AsyncGenerator<readonly E[]> {
  const heads = streams.map((stream): Head<E> => ({ batches: stream[Symbol.asyncIterator](), events: [], at: 0 }));
  const heap: Head<E>[] = [];
  let merged = new Array<E>(AT_ONCE);
  let count = 0;
  try {
    for (const head of heads) if (await refill(head)) heap.push(head);
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(heap, i);
    while (heap.length > 0) {
      const first = heap[0];
      count = take(first, nextOf(heap), merged, count);
      if (first.at === first.events.length && !(await refill(first))) {
        const last = heap.pop();
        if (last && heap.length > 0) heap[0] = last;
      }
      if (heap.length > 0) sink(heap, 0);
      if (count < AT_ONCE) continue;
      yield merged;
      merged = new Array<E>(AT_ONCE);
      count = 0;
    }
    merged.length = count;
    if (count > 0) yield merged;
  } finally {
    for (const { batches } of heads) await batches.return?.();
  }
}

/** Whether there are more events. */
async function refill<E>(head: Head<E>): Promise<boolean> {
  for (;;) {
    const next = await head.batches.next();
    if (next.done) return false;
    if (next.value.length === 0) continue;
    head.events = next.value;
    head.at = 0;
    return true;
  }
}

/**
 * Moves on what comes before the other stream's next event, as far as it is at hand and there is room: one event at
 * least. Answers how many there are then.
 */
function take<E extends LoggedEvent>(head: Head<E>, other: Head<E> | undefined, into: E[], from: number): number {
  const { events } = head;
  const until = other?.events[other.at];
  const end = Math.min(events.length, head.at + AT_ONCE - from);
  let count = from;
  let at = head.at;
  let { entity } = events[at];
  /** Negative = the other stream has nothing of the entity. */
  let order = until === undefined ? -1 : compareUtf8(entity.id, until.entity.id);
  for (;;) {
    into[count++] = events[at++];
    if (at === end) break;
    if (until === undefined) continue;
    const event = events[at];
    if (event.entity !== entity) {
      entity = event.entity;
      order = compareUtf8(entity.id, until.entity.id);
      if (order > 0) break;
    }
    if (order === 0 && compareInEntity(event, until) > 0) break;
  }
  head.at = at;
  return count;
}

/** The order of what was known in the same millisecond. */
export const inLog = (a: LoggedEvent, b: LoggedEvent): number =>
  comparePositions(a.position, b.position) || a.partition - b.partition;

const compareInEntity = (a: LoggedEvent, b: LoggedEvent): number => a.known - b.known || inLog(a, b);

const compare = (a: LoggedEvent, b: LoggedEvent): number =>
  compareUtf8(a.entity.id, b.entity.id) || compareInEntity(a, b);

const isBefore = <E extends LoggedEvent>(a: Head<E>, b: Head<E>) => compare(a.events[a.at], b.events[b.at]) < 0;

/** The stream that comes second. */
function nextOf<E extends LoggedEvent>(heap: readonly Head<E>[]): Head<E> | undefined {
  if (heap.length < 3) return heap[1];
  return isBefore(heap[2], heap[1]) ? heap[2] : heap[1];
}

/** Puts a head of the heap in its place below. */
function sink<E extends LoggedEvent>(heap: Head<E>[], from: number): void {
  const head = heap[from];
  let at = from;
  for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
    if (!isBefore(heap[child], head)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = head;
}
