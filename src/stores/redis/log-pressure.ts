import type { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import { logKey } from "./keys.ts";
import { serversOf } from "./servers.ts";

export interface LogPressure {
  /** Why nothing more should be appended, as far as the last look tells. Looks again, beside, when that was a while ago. */
  refusal(): PortraitError | undefined;
}

export interface LogPressureOptions {
  readonly redis: Redis;
  readonly partitions: number;
  /** What the streams may hold: events that are not applied, or not yet in the lake. */
  readonly maxLogBytes?: number;
  /** Between two looks, ms. */
  readonly everyMs?: number;
  /** ms, of any clock that never goes back */
  readonly now?: () => number;
}

/** Of `maxmemory`, or of the machine's memory where Redis has no bound of its own. */
const FULL_AT = 0.9;
const FULL_AT_MACHINE = 0.8;
/** A worker that is behind needs some seconds, not one. */
const AGAIN_S = 5;

/**
 * Watches what grows when events come faster than they are applied: the streams, and Redis's memory. Both are asked for
 * by whoever appends, four times a second at most, so that no append waits for it and an idle process asks nothing. It
 * refuses early, so that there is room left for what must be written all the same: states, cursors, receipts.
 */
export function watchLogPressure(options: LogPressureOptions): LogPressure {
  const { redis, partitions, maxLogBytes = 512 << 20, everyMs = 250, now = () => performance.now() } = options;
  let found: PortraitError | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking = false;

  async function look(): Promise<void> {
    let logBytes = 0;
    let full: PortraitError | undefined;
    for (const server of serversOf(redis)) {
      const pipeline = server.pipeline().info("memory");
      for (let partition = 0; partition < partitions; partition++) {
        pipeline.call("MEMORY", "USAGE", logKey(partition), "SAMPLES", "5");
      }
      const [memory, ...streams] = (await pipeline.exec()) ?? [];
      // a Redis that does not tell (a managed one may not) is believed to be well; of a Cluster each tells of its own
      for (const [error, bytes] of streams) logBytes += error ? 0 : Number(bytes ?? 0);
      if (!memory?.[0]) full ??= nearlyFull(String(memory?.[1]));
    }
    found = behind(logBytes, maxLogBytes) ?? full;
  }

  return {
    refusal() {
      if (!looking && now() - lookedAt >= everyMs && redis.status === "ready") {
        looking = true;
        lookedAt = now();
        look()
          .catch(() => {}) // an append will say what is wrong with Redis
          .finally(() => {
            looking = false;
          });
      }
      return found;
    },
  };
}

const busy = (message: string, facts: Record<string, number>) =>
  new PortraitError("TOO_BUSY", `${message} Send again in ${AGAIN_S} s.`, { ...facts, retryAfterS: AGAIN_S });

function behind(logBytes: number, maxLogBytes: number): PortraitError | undefined {
  if (logBytes < maxLogBytes) return undefined;
  return busy(
    `Events come faster than they are applied: ${logBytes} bytes of them wait in the log, no more than ${maxLogBytes} may. ` +
      "Is a worker running?",
    { logBytes, maxLogBytes },
  );
}

function nearlyFull(info: string): PortraitError | undefined {
  const told = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
  const used = told("used_memory");
  const max = told("maxmemory");
  const room = max > 0 ? max * FULL_AT : told("total_system_memory") * FULL_AT_MACHINE;
  if (room === 0 || used < room) return undefined;
  return busy(
    `Redis holds ${used} bytes${max > 0 ? ` of the ${max} that it may` : ", nearly all that the machine has"}: ` +
      "there must be room left for what is computed from the events.",
    { used, max },
  );
}
