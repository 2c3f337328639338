import { setTimeout as sleep } from "node:timers/promises";
import { Caller } from "./service-callers.ts";
import { type Asked, type Minute, type Sample, Tally, type Totals } from "./service-tally.ts";

/** What the load is asked to do. */
export type LoadOrder =
  | { readonly kind: "prepare"; readonly port: number; readonly asked: readonly Asked[]; readonly sampleEvery: number }
  /** As fast as all connections go. */
  | { readonly kind: "calibrate"; readonly seconds: number }
  | { readonly kind: "run"; readonly perSecond: number; readonly seconds: number };

export type LoadReport =
  | { readonly kind: "capacity"; readonly perSecond: number; readonly failed: Totals["failed"] }
  | { readonly kind: "second"; readonly samples: readonly Sample[]; readonly failed: Totals["failed"] }
  | { readonly kind: "minute"; readonly minute: Minute }
  | {
      readonly kind: "over";
      readonly totals: Totals;
      readonly said: ReturnType<Tally["said"]>;
      readonly due: number;
      /** Due, and never sent: no connection came free in time. */
      readonly unsent: number;
    };

const CONNECTIONS = 64;
const TICK_MS = 1;
/** After the end, what is due may still be sent and answered for so long. */
const GRACE_MS = 20_000;

let port = 0;
let asked: readonly Asked[] = [];
let sampleEvery = 1;

const say = (report: LoadReport) => process.send?.(report);

async function calibrate(seconds: number): Promise<void> {
  const tally = new Tally(Number.MAX_SAFE_INTEGER);
  const until = performance.now() + 1_000 * seconds;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, own) => {
      const caller = new Caller(port);
      for (let i = own; performance.now() < until; i += CONNECTIONS) {
        const one = asked[i % asked.length];
        const began = performance.now();
        tally.note(one, await caller.ask(one.request), performance.now() - began, Date.now());
      }
      caller.close();
    }),
  );
  const { answered, failed } = tally.totals();
  say({ kind: "capacity", perSecond: answered / seconds, failed });
}

/**
 * An open loop: what is due is sent whether or not earlier ones are answered, and timed since it was due, so that a stall
 * is charged for all who would have come meanwhile. It sleeps between ticks, to leave the processor to those it watches:
 * a millisecond or two of each time is its own.
 */
async function run(perSecond: number, seconds: number): Promise<void> {
  const tally = new Tally(sampleEvery);
  const free = Array.from({ length: CONNECTIONS }, () => new Caller(port));
  const callers = [...free];
  const started = performance.now();
  const total = Math.floor(perSecond * seconds);
  let sent = 0;
  let under = 0;
  const everySecond = setInterval(
    () => say({ kind: "second", samples: tally.takeSamples(), failed: tally.totals().failed }),
    1_000,
  );
  const everyMinute = setInterval(() => say({ kind: "minute", minute: tally.takeMinute() }), 60_000);
  const send = (caller: Caller, i: number) => {
    const one = asked[i % asked.length];
    const due = started + (1_000 * i) / perSecond;
    under++;
    void caller.ask(one.request).then((answer) => {
      tally.note(one, answer, performance.now() - due, Date.now());
      under--;
      free.push(caller);
    });
  };
  const late = started + 1_000 * seconds + GRACE_MS;
  while (sent < total && performance.now() < late) {
    const due = Math.min(total, Math.ceil(((performance.now() - started) / 1_000) * perSecond));
    while (sent < due) {
      const caller = free.pop();
      if (!caller) break;
      send(caller, sent++);
    }
    await sleep(TICK_MS);
  }
  while (under > 0) await sleep(10); // a caller waits no longer than its patience
  clearInterval(everySecond);
  clearInterval(everyMinute);
  for (const caller of callers) caller.close();
  const rest = tally.takeMinute();
  if (rest.answered > 0) say({ kind: "minute", minute: rest });
  say({ kind: "second", samples: tally.takeSamples(), failed: tally.totals().failed });
  say({ kind: "over", totals: tally.totals(), said: tally.said(), due: total, unsent: total - sent });
}

process.on("message", (order: LoadOrder) => {
  if (order.kind === "prepare") ({ port, asked, sampleEvery } = order);
  else if (order.kind === "calibrate") void calibrate(order.seconds);
  else void run(order.perSecond, order.seconds);
});
process.once("disconnect", () => process.exit(0));
