import { setTimeout as sleep } from "node:timers/promises";
import { createRandom } from "../../models/random.ts";

const DAY = 86_400_000;
const USERS = 300;
const TERMINALS = 40;
const CARDS = 200;
/** By turns so many light events and so many heavy ones, which a worker reads ahead of those that it applies. */
const HEAVY_FOR = 500;
const NOTE = "x".repeat(1_000);

export interface Call {
  readonly type: "track";
  readonly messageId: string;
  readonly userId: string;
  readonly event: string;
  readonly timestamp: string;
  readonly properties: Readonly<Record<string, string | number>>;
}

/** Sends a batch once. True = acknowledged; false = no answer, or a refusal for now. */
export type Post = (batch: readonly Call[]) => Promise<boolean>;

export interface Traffic {
  /** Ids of which an acknowledgement came back. */
  readonly acknowledged: ReadonlySet<string>;
  readonly sent: () => { readonly events: number; readonly duplicates: number };
  /** Sends so many new events in one batch until it is acknowledged; also after `stop`. */
  send(events: number): Promise<void>;
  /** Sends those of the last `send` but one once more. */
  sendAgain(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Payments at terminals with cards: each batch until it is acknowledged, some twice, parts of old ones again and
 * shuffled, and one event in two some days late.
 */
export function startTraffic(post: Post, seed: number, clients: number, pauseMs: number): Traffic {
  const random = createRandom(seed);
  const acknowledged = new Set<string>();
  const old: Call[][] = [];
  const sends: Call[][] = [];
  let running = true;
  let minted = 0;
  let events = 0;
  let duplicates = 0;

  const mint = (): Call => {
    const heavy = Math.floor(minted / HEAVY_FOR) % 2 === 1;
    const at = Date.now() - (random.next() < 0.5 ? 0 : Math.floor(random.next() * 20 * DAY));
    return {
      type: "track",
      messageId: `m${seed}-${minted++}`,
      userId: `user-${random.below(USERS)}`,
      event: random.next() < 0.6 ? "Order Completed" : "Product Viewed",
      timestamp: new Date(at).toISOString(),
      properties: {
        revenue: random.below(20_000) / 100,
        category: `category ${random.below(30)}`,
        ...(random.next() < 0.5 && { terminal: `t${random.below(TERMINALS)}` }),
        ...(random.next() < 0.3 && { card: random.below(CARDS) }),
        ...(heavy && { note: NOTE }),
      },
    };
  };
  const shuffle = (calls: Call[]) => {
    for (let i = calls.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [calls[i], calls[j]] = [calls[j], calls[i]];
    }
    return calls;
  };

  const deliver = async (batch: readonly Call[]) => {
    while (!(await post(batch))) {
      duplicates += batch.length; // it may have arrived
      await sleep(60);
    }
    for (const { messageId } of batch) acknowledged.add(messageId);
  };

  const client = async () => {
    while (running) {
      const batch = Array.from({ length: 50 }, mint);
      events += batch.length;
      if (old.length > 0 && random.next() < 0.4) {
        const again = shuffle([...old[random.below(old.length)]]).slice(0, 1 + random.below(30));
        duplicates += again.length;
        batch.push(...again);
      }
      shuffle(batch);
      await deliver(batch);
      if (random.next() < 0.15) {
        duplicates += batch.length;
        await post(batch);
      }
      old.push(batch);
      if (old.length > 100) old.splice(random.below(100), 1);
      await sleep(pauseMs);
    }
  };
  const clientsDone = Promise.all(Array.from({ length: clients }, client));
  return {
    acknowledged,
    sent: () => ({ events, duplicates }),
    send(count) {
      const batch = Array.from({ length: count }, mint);
      events += count;
      sends.push(batch);
      return deliver(batch);
    },
    sendAgain() {
      const batch = sends.at(-2) ?? [];
      duplicates += batch.length;
      return deliver(batch);
    },
    async stop() {
      running = false;
      await clientsDone;
    },
  };
}
