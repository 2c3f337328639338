import { setTimeout as sleep } from "node:timers/promises";
import type { Oracle } from "../../../data/simulate/truth.ts";
import type { Event } from "../../events/event.ts";
import type { EventLog, Lake } from "../../events/event-log.ts";
import { readSingle } from "../../events/segment-call.ts";
import { progressBar } from "../progress.ts";

export interface Town {
  readonly people: number;
  readonly days: number;
  readonly seed: number;
  /** The log ends just before this moment, ms. */
  readonly until: number;
}

export interface Filled {
  readonly events: number;
  /** Who lives there, in the order of their birth. */
  readonly users: readonly string[];
  /** What was really so; no event carries any of it. */
  readonly truth: Oracle;
}

const APPEND = 2_000;
const IN_FLIGHT = 4;

/** Lets the town live, and sends what happens to the log as an app would, known at the moment it happened. */
export async function fillLog(town: Town, log: EventLog): Promise<Filled> {
  const { simulate } = await import("../../../data/simulate/simulate.ts");
  const { gatherTruth } = await import("../../../data/simulate/truth.ts");
  const bar = progressBar("Simulating people");
  const truths = [];
  const users: string[] = [];
  const inFlight = new Set<Promise<void>>();
  let waiting: Event[] = [];
  let events = 0;

  const send = async () => {
    const some = waiting;
    waiting = [];
    const sent = log.append(some).finally(() => inFlight.delete(sent));
    inFlight.add(sent);
    if (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight);
  };
  for (const { calls, truth } of simulate(town)) {
    for (const call of calls) {
      // history is known from the moment it happened, not from now
      const { events: read } = readSingle(call.type, call, Date.parse(call.timestamp), () => call.messageId);
      waiting.push(...read);
    }
    truths.push(...truth);
    users.push(calls[0].userId);
    if (waiting.length < APPEND) continue;
    events += waiting.length;
    await send();
    bar.update(users.length / town.people, `${events.toLocaleString("en-US")} events sent`);
  }
  events += waiting.length;
  if (waiting.length) await send();
  await Promise.all(inFlight);
  bar.end(`${events.toLocaleString("en-US")} events durable in the log`);
  return { events, users, truth: await gatherTruth(truths) };
}

/** Waits until the worker has applied all events and written them to the lake. */
export async function waitForLake(lake: Lake, events: number): Promise<void> {
  const bar = progressBar("Applying events");
  for (;;) {
    const { events: there } = await lake.summary();
    bar.update(Math.min(1, there / events), `${there.toLocaleString("en-US")} of ${events.toLocaleString("en-US")}`);
    if (there >= events) break;
    await sleep(300);
  }
  bar.end("every event in the states of its people, and once in the lake");
}
