import { Cluster, type ClusterOptions, Redis, type RedisOptions } from "ioredis";
import { PortraitError } from "../../errors.ts";

/** A URL of one server or of several nodes of a Cluster, in its parts. */
interface Place {
  readonly tls: boolean;
  readonly user: string;
  readonly hosts: readonly string[];
  readonly path: string;
  readonly cluster: boolean;
}

/** @throws PortraitError CONFIG_INVALID */
function placeOf(url: string): Place {
  const [whole, tls, user, hosts, path, query] =
    /^redis(s?):\/\/(?:(.*)@)?([^@/?]*)(\/[^?]*)?(?:\?(.*))?$/.exec(url) ?? [];
  const parts = hosts?.split(",").map((host) => host.trim()) ?? [];
  if (whole === undefined || parts.some((host) => host === "" || !URL.canParse(`redis://${host}`)))
    throw new PortraitError(
      "CONFIG_INVALID",
      "Wanted REDIS_URL to be unix:///path, redis://host:port, or redis://host:port,host:port,… for a Cluster " +
        "(rediss:// with TLS), found something else.",
      { variables: ["REDIS_URL"] },
    );
  const cluster = parts.length > 1 || new URLSearchParams(query).has("cluster");
  if (cluster && path !== undefined && path.length > 1)
    throw new PortraitError(
      "CONFIG_INVALID",
      `Wanted REDIS_URL of a Cluster without a database, found ${path}: a Cluster has number 0 only.`,
      { variables: ["REDIS_URL"] },
    );
  return { tls: tls === "s", user: user ?? "", hosts: parts, path: path ?? "", cluster };
}

/** ioredis and BullMQ options behind a URL: `redis://`, `rediss://`, or `unix:///path/to/socket`. */
export function redisOptions(url: string): RedisOptions {
  if (url.startsWith("unix://")) return { path: url.slice("unix://".length) };
  const { tls, user, hosts, path } = placeOf(url);
  return {
    ...addressOf(hosts[0]),
    ...access(user, tls),
    ...(path.length > 1 && { db: Number(path.slice(1)) }),
  };
}

function addressOf(host: string): { readonly host: string; readonly port: number } {
  const at = new URL(`redis://${host}`);
  return { host: at.hostname, port: at.port ? Number(at.port) : 6379 };
}

function access(user: string, tls: boolean): RedisOptions {
  const [name, ...password] = user.split(":");
  return {
    ...(name && { username: decodeURIComponent(name) }),
    ...(password.length > 0 && { password: decodeURIComponent(password.join(":")) }),
    ...(tls && { tls: {} }),
  };
}

/**
 * A connection to the server behind the URL; or to the Cluster, when it names several nodes, or one with `?cluster`.
 *
 * A Cluster is handed out as if it were one server, since it has the same commands. What asks all servers, or sends
 * commands of several slots at once, goes through `servers.ts`; a script or a transaction stays in one slot anyway.
 */
export function connectRedis(url: string, options: RedisOptions, onCluster: ClusterOptions = {}): Redis {
  const place = url.startsWith("unix://") ? undefined : placeOf(url);
  if (!place?.cluster) return new Redis({ ...redisOptions(url), ...options });
  const { retryStrategy, enableOfflineQueue, lazyConnect, ...ofNode } = options;
  const cluster = new Cluster(place.hosts.map(addressOf), {
    ...(retryStrategy && { clusterRetryStrategy: retryStrategy }),
    ...(enableOfflineQueue !== undefined && { enableOfflineQueue }),
    ...(lazyConnect !== undefined && { lazyConnect }),
    ...(place.tls && { dnsLookup: (name, found) => found(null, name) }), // certificates are made out to names
    ...onCluster,
    redisOptions: { ...access(place.user, place.tls), ...ofNode },
  });
  // at once, not at the first command: so that one knows which nodes are there
  cluster.on("+node", (node: Redis) => void node.connect().catch(() => {}));
  return cluster as unknown as Redis;
}

const soon = (tries: number) => Math.min(tries * 50, 1_000);

/**
 * A connection that fails fast: without Redis a command is refused at once instead of waiting in line,
 * so that scoring can go on without it. It reconnects by itself.
 */
export function connectFailFast(url: string): Redis {
  const redis = connectRedis(
    url,
    {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 2_000,
      commandTimeout: 3_000, // a stopped server answers nothing at all: that, too, is away
      retryStrategy: soon,
    },
    { retryDelayOnFailover: 50, maxRedirections: 8, retryDelayOnClusterDown: 0 },
  );
  redis.on("error", () => {}); // each command reports its own failure; an unheard event would end the process
  return redis;
}

/** A connection whose commands wait for Redis, however long it is away: for subscribers and the queue's worker. */
export function connectPatient(url: string): Redis {
  const redis = connectRedis(url, { maxRetriesPerRequest: null, retryStrategy: soon });
  redis.on("error", () => {}); // it reconnects, and subscribes again, by itself
  return redis;
}

/** Resolves when the connection is ready, false when it is not within `ms`. */
export function whenReady(redis: Redis, ms: number): Promise<boolean> {
  if (redis.status === "ready") return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (ready: boolean) => {
      clearTimeout(timer);
      redis.off("ready", onReady);
      resolve(ready);
    };
    const onReady = () => finish(true);
    const timer = setTimeout(() => finish(false), ms);
    redis.on("ready", onReady);
  });
}
