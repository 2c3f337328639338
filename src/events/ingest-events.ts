import { setTimeout as sleep } from "node:timers/promises";
import { PortraitError } from "../errors.ts";
import type { Event } from "./event.ts";
import type { EventLog } from "./event-log.ts";

export interface IngestEventsOptions {
  readonly log: EventLog;
  /** Events an append. */
  readonly batch?: number;
  /** Appends under way at a time. */
  readonly inFlight?: number;
  /** How long a busy or absent log is asked again before the failure is passed on. */
  readonly patienceMs?: number;
  /** Awaited before each append, so that a reader may be kept from running far ahead of the worker. */
  readonly room?: () => Promise<void>;
  /** Called after each append: how many were appended so far, and how many of the first ones, without a gap. */
  readonly onAppended?: (events: number, first: number) => void;
}

/** A Redis that is started anew with a large append-only file is away for minutes. */
const PATIENCE_MS = 300_000;

/**
 * Appends a stream of events, batch by batch, in its order of arrival but not of answer. A batch that the log refuses
 * for a moment (TOO_BUSY, REDIS_AWAY, REDIS_FULL) is sent again: its ids make that safe.
 *
 * @returns how many events were appended
 * @throws what the log throws, once it is no passing failure or patience has ended
 */
export async function ingestEvents(
  events: Iterable<Event> | AsyncIterable<Event>,
  options: IngestEventsOptions,
): Promise<number> {
  const { log, batch = 2_000, inFlight = 4, patienceMs = PATIENCE_MS, room, onAppended } = options;
  const running = new Set<Promise<void>>();
  let appended = 0;
  const sent: { readonly events: number; answered: boolean }[] = []; // in the order of the stream
  let first = 0;
  let failure: unknown;
  let waiting: Event[] = [];

  const send = async () => {
    const some = waiting;
    waiting = [];
    while (running.size >= inFlight) await Promise.race(running);
    if (failure) throw failure;
    await room?.();
    const one = { events: some.length, answered: false };
    sent.push(one);
    const sending: Promise<void> = appendPatiently(log, some, patienceMs)
      .then(
        () => {
          appended += some.length;
          one.answered = true;
          for (; sent[0]?.answered; sent.shift()) first += sent[0].events;
          onAppended?.(appended, first);
        },
        (error) => {
          failure ??= error;
        },
      )
      .finally(() => running.delete(sending));
    running.add(sending);
  };

  try {
    for await (const event of events) {
      waiting.push(event);
      if (waiting.length >= batch) await send();
    }
    if (waiting.length > 0) await send();
  } finally {
    await Promise.all(running);
  }
  if (failure) throw failure;
  return appended;
}

async function appendPatiently(log: EventLog, events: readonly Event[], patienceMs: number): Promise<void> {
  const until = performance.now() + patienceMs;
  for (let pause = 20; ; pause = Math.min(2 * pause, 1_000)) {
    try {
      return await log.append(events);
    } catch (error) {
      if (!(error instanceof PortraitError && error.retry) || performance.now() > until) throw error;
      await sleep(pause);
    }
  }
}
