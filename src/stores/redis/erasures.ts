import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type { ErasureQueue, ErasureView, ErasureWanted } from "../../erasure/erasures.ts";
import { entityKey } from "../../events/event.ts";
import { RELEASE, RENEW, TAKE } from "./lua.ts";
import { redisFailure } from "./redis-failure.ts";

/** A hash: entity → what is wanted. The one place besides the log where an erasure names somebody; gone with its end. */
const WANTED = "erasures:wanted";
const LEASE = "erasures:lease";
const viewKey = (id: string) => `erasure:${id}`;
const KEEP_S = 400 * 86_400;

/** @throws PortraitError REDIS_AWAY, REDIS_FULL */
export function createRedisErasures(options: {
  readonly redis: Redis;
  readonly clock: () => number;
  readonly newId: () => string;
  /** A worker that is silent for so long loses the right to erase. */
  readonly leaseMs?: number;
}): ErasureQueue {
  const { redis, clock, newId, leaseMs = 30_000 } = options;
  const token = randomUUID();

  async function asked<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    try {
      return await work();
    } catch (error) {
      throw redisFailure(error, "what is to be erased");
    }
  }
  const keep = (view: ErasureView) => redis.set(viewKey(view.id), JSON.stringify(view), "EX", KEEP_S);
  const load = async (id: string) => {
    const text = await redis.get(viewKey(id));
    return text === null ? undefined : (JSON.parse(text) as ErasureView);
  };

  return {
    ask: (given) =>
      asked(async () => {
        const key = entityKey(given.entity);
        for (;;) {
          const view: ErasureView = { id: newId(), state: "waiting", askedAt: clock() };
          await keep(view); // first, so that whatever waits can be looked up
          if ((await redis.hsetnx(WANTED, key, JSON.stringify({ ...given, id: view.id }))) === 1) return view;
          await redis.del(viewKey(view.id));
          const there = await redis.hget(WANTED, key);
          const known = there === null ? undefined : await load((JSON.parse(there) as ErasureWanted).id);
          if (known) return known; // else it ended at this moment: what came since is wanted to go too
        }
      }),

    find: (id) => asked(() => load(id)),

    claim: () =>
      asked(async () => {
        if ((await redis.hlen(WANTED)) === 0) return undefined;
        if ((await redis.eval(TAKE, 1, LEASE, token, leaseMs)) !== 1) return undefined;
        const timer = setInterval(() => void redis.eval(RENEW, 1, LEASE, token, leaseMs).catch(() => {}), leaseMs / 3);
        const release = async () => {
          clearInterval(timer);
          await redis.eval(RELEASE, 1, LEASE, token).catch(() => {}); // it ends by itself
        };
        try {
          const texts = Object.values(await redis.hgetall(WANTED));
          return { waiting: texts.map((text) => JSON.parse(text) as ErasureWanted), release };
        } catch (error) {
          await release();
          throw error;
        }
      }),

    settle: ({ id, entity }, end) =>
      asked(async () => {
        const before = (await load(id)) ?? { id, askedAt: clock() };
        await keep({ ...before, ...end, state: "certificate" in end ? "done" : "failed" });
        await redis.hdel(WANTED, entityKey(entity));
      }),
  };
}
