import type { LoggedEvent } from "../../events/event-log.ts";
import { comparePositions } from "../../events/position.ts";
import { compareUtf8, isPlain } from "./utf8-order.ts";

/** As many events are handed on at once. */
const AT_ONCE = 2_048;

/** A stream, and where it is read. */
interface Head<E> {
  readonly batches: AsyncIterator<readonly E[]>;
  events: readonly E[];
  at: number;
  /** Whose event is next, and whether JavaScript orders such ids as their bytes are. */
  id: string;
  plain: boolean;
}

/**
 * Streams of events of one kind, each by (entity, known, position, partition), as one in the same order.
 * In memory: a batch of each stream. Cost: an entity of one stream is passed on without a comparison of its events.
 */
export async function* mergeByEntity<E extends LoggedEvent>(
  streams: readonly AsyncIterable<readonly E[]>[],
): AsyncGenerator<readonly E[]> {
  const heads = streams.map(
    (stream): Head<E> => ({ batches: stream[Symbol.asyncIterator](), events: [], at: 0, id: "", plain: true }),
  );
  const heap: Head<E>[] = [];
  let merged = new Array<E>(AT_ONCE);
  let count = 0;
  try {
    for (const head of heads) if (await refill(head)) heap.push(head);
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(heap, i);
    while (heap.length > 0) {
      const first = heap[0];
      count = take(first, sharerOf(heap), merged, count);
      if (first.at < first.events.length) look(first);
      else if (!(await refill(first))) {
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
async function refill<E extends LoggedEvent>(head: Head<E>): Promise<boolean> {
  for (;;) {
    const next = await head.batches.next();
    if (next.done) return false;
    if (next.value.length === 0) continue;
    head.events = next.value;
    head.at = 0;
    look(head);
    return true;
  }
}

function look<E extends LoggedEvent>(head: Head<E>): void {
  const { id } = head.events[head.at].entity;
  if (id === head.id) return;
  head.id = id;
  head.plain = isPlain(id);
}

/**
 * Moves on what there is at hand of the next entity, and there is room for, up to the next event of another stream that
 * has the same entity: one event at least. Answers how many there are then.
 */
function take<E extends LoggedEvent>(head: Head<E>, sharer: Head<E> | undefined, into: E[], from: number): number {
  const { events } = head;
  const until = sharer?.events[sharer.at];
  const end = Math.min(events.length, head.at + AT_ONCE - from);
  const { entity } = events[head.at];
  let count = from;
  let at = head.at;
  do into[count++] = events[at++];
  while (at < end && events[at].entity === entity && (until === undefined || compareInEntity(events[at], until) <= 0));
  head.at = at;
  return count;
}

/** The order of what was known in the same millisecond. */
export const inLog = (a: LoggedEvent, b: LoggedEvent): number =>
  comparePositions(a.position, b.position) || a.partition - b.partition;

const compareInEntity = (a: LoggedEvent, b: LoggedEvent): number => a.known - b.known || inLog(a, b);

function isBefore<E extends LoggedEvent>(a: Head<E>, b: Head<E>): boolean {
  if (a.id === b.id) return compareInEntity(a.events[a.at], b.events[b.at]) < 0;
  return a.plain && b.plain ? a.id < b.id : compareUtf8(a.id, b.id) < 0;
}

/** Of the streams that have the first one's entity too the next one; it stands right below. */
function sharerOf<E extends LoggedEvent>(heap: readonly Head<E>[]): Head<E> | undefined {
  const [{ id }, left, right] = heap;
  if (right?.id === id && (left.id !== id || isBefore(right, left))) return right;
  return left?.id === id ? left : undefined;
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
