import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createRandom } from "../../../models/random.ts";
import type { EntityRef } from "../../events/event.ts";
import type { StateStore } from "../../features/state-store.ts";

const USERS = 20_000;
const TERMINALS = 2_000;
const BATCH = 100;
const NAMES = ["Product Viewed", "Product Added", "Products Searched", "Order Completed"];
const CATEGORIES = ["shoes", "books", "hats", "toys", "garden"];

/** A batch of 100 track calls as it travels; every other event names a terminal. */
export interface Batch {
  readonly body: Buffer;
  /** Nobody else's user and terminal, in one batch of ten: when they have states, the batch was applied. */
  readonly probe?: { readonly user: EntityRef; readonly terminal: EntityRef };
}

/** @param run keeps the message ids and probes of one run apart from another's */
export function makeBatches(count: number, run: string, now: number): Batch[] {
  const random = createRandom(7);
  const pick = <A>(list: readonly A[]): A => list[random.below(list.length)];
  return Array.from({ length: count }, (_, b) => {
    const probe = b % 10 === 0 ? { user: `probe-${run}-${b}`, terminal: `probe-terminal-${run}-${b}` } : undefined;
    const batch = Array.from({ length: BATCH }, (_, i) => {
      const last = probe && i === BATCH - 1;
      const terminal = last ? probe.terminal : i % 2 ? `t${random.below(TERMINALS)}` : undefined;
      return {
        type: "track",
        messageId: `${run}-${b}-${i}`,
        userId: last ? probe.user : `u${random.below(USERS)}`,
        event: pick(NAMES),
        timestamp: new Date(now - random.below(3_600_000)).toISOString(),
        properties: {
          category: pick(CATEGORIES),
          revenue: random.below(20_000) / 100,
          ...(terminal !== undefined && { terminal_id: terminal }),
        },
      };
    });
    const body = Buffer.from(JSON.stringify({ batch, sentAt: new Date(now).toISOString() }));
    if (!probe) return { body };
    return {
      body,
      probe: { user: { kind: "user", id: probe.user }, terminal: { kind: "terminal", id: probe.terminal } },
    };
  });
}

/** Sends over kept connections. Refusals for want of room are sent again after what they say; they are counted. */
export function createSender(url: string, connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let refused = 0;

  const once = (body: Buffer): Promise<{ status: number; retryMs: number }> =>
    new Promise((done, failed) => {
      const call = request(
        `${url}/v1/batch`,
        { method: "POST", agent, headers: { "Content-Type": "application/json", "Content-Length": body.length } },
        (answer) => {
          answer.resume().on("end", () =>
            done({
              status: answer.statusCode ?? 0,
              retryMs: 1_000 * Number(answer.headers["retry-after"] ?? 1),
            }),
          );
        },
      );
      call.on("error", failed).end(body);
    });

  return {
    async send({ body }: Batch): Promise<void> {
      for (;;) {
        const { status, retryMs } = await once(body);
        if (status === 200) return;
        if (status !== 429 && status !== 503) throw new Error(`a batch was answered ${status}`);
        refused++;
        await sleep(retryMs);
      }
    },
    refused: () => refused,
    close: () => agent.destroy(),
  };
}

/** Ms from acceptance until a reader sees the states, for both entities of each probe. Looks every `everyMs`. */
export function watchProbes(states: Pick<StateStore, "read">, everyMs = 10) {
  const open = new Map<
    string,
    { readonly entity: EntityRef; readonly since: number; readonly of: "first" | "second" }
  >();
  const took = { first: [] as number[], second: [] as number[] };
  let ended = false;

  async function look(): Promise<void> {
    while (!ended || open.size > 0) {
      const waiting = [...open];
      const found = await states.read(waiting.map(([, { entity }]) => entity));
      const now = performance.now();
      waiting.forEach(([key, { since, of }], i) => {
        if (!found[i]) return;
        took[of].push(now - since);
        open.delete(key);
      });
      await sleep(everyMs);
    }
  }

  return {
    accepted({ probe }: Batch): void {
      if (!probe) return;
      const since = performance.now();
      open.set(`u ${probe.user.id}`, { entity: probe.user, since, of: "first" });
      open.set(`t ${probe.terminal.id}`, { entity: probe.terminal, since, of: "second" });
    },
    looking: look(),
    /** No more are to come. */
    end(): void {
      ended = true;
    },
    took,
  };
}
