import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import { KEYS } from "./keys.ts";

/** The key of the message id hash: made by the first who asks, the same for all. */
export async function logSecret(redis: Redis): Promise<Buffer> {
  // looked for first: a Redis that is full refuses to set it, also where it stands already
  if ((await redis.exists(KEYS.secret)) === 0) await redis.setnx(KEYS.secret, randomBytes(16));
  const found = await redis.getBuffer(KEYS.secret);
  if (found?.length === 16) return found;
  throw new PortraitError("LOG_BROKEN", `Wanted 16 bytes under ${KEYS.secret} in Redis, found ${found?.length ?? 0}.`);
}
