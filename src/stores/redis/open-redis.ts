import type { Log } from "../../log.ts";
import { keepPrivateRedis } from "./keep-private-redis.ts";
import { runningPrivateRedis, startPrivateRedis } from "./private-redis.ts";

/** The Redis to work with. `close` stops it when it was started here, and does nothing otherwise. */
export interface OpenedRedis {
  readonly url: string;
  /** `given`: REDIS_URL · `neighbour`: the private one of a running `portrait up` · `own`: started here. */
  readonly from: "given" | "neighbour" | "own";
  close(): Promise<void>;
}

/** The part of the configuration that says where Redis is. */
interface Place {
  readonly redis: { readonly url: string | undefined };
  readonly paths: { readonly redis: string };
}

/** REDIS_URL, else the private Redis that a process already runs in this var folder, else undefined. */
export async function findRedis(config: Place): Promise<OpenedRedis | undefined> {
  const close = async () => {};
  if (config.redis.url !== undefined) return { url: config.redis.url, from: "given", close };
  const url = await runningPrivateRedis(config.paths.redis);
  return url === undefined ? undefined : { url, from: "neighbour", close };
}

/**
 * As `findRedis`, but starts a private one when there is none. Every answer of success is on disk by then.
 *
 * @param log when it is given, the private one is started again whenever it ends by itself, and this is told
 * @throws PortraitError DEPENDENCY_MISSING when there is no redis-server to start.
 */
export async function openRedis(config: Place, log?: Log): Promise<OpenedRedis> {
  const found = await findRedis(config);
  if (found) return found;
  const options = { dir: config.paths.redis, fsync: "always" } as const;
  const { url, close } = await (log ? keepPrivateRedis(options, { log }) : startPrivateRedis(options));
  return { url, from: "own", close };
}
