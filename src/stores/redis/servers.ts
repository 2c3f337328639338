import { Cluster, type Redis } from "ioredis";
import { keySlot } from "./key-slot.ts";

/** The Cluster behind a connection, or undefined when it is one server. */
const clusterOf = (redis: Redis): Cluster | undefined => {
  const client: unknown = redis;
  return client instanceof Cluster ? client : undefined;
};

export const isCluster = (redis: Redis): boolean => clusterOf(redis) !== undefined;

/** By address: the connections of a Cluster to its nodes. */
const nodesOf = (cluster: Cluster): ReadonlyMap<string, Redis> =>
  new Map(cluster.nodes().map((node) => [`${node.options.host}:${node.options.port}`, node]));

/**
 * Each server that holds keys, for what must ask all of them (SCAN, INFO): the one, or every master of a Cluster.
 *
 * @throws Error CLUSTERDOWN when one of them is not connected: an answer without it would look whole
 */
export function serversOf(redis: Redis): Redis[] {
  const cluster = clusterOf(redis);
  if (!cluster) return [redis];
  const nodes = nodesOf(cluster);
  const masters = new Set(cluster.slots.map((nodes) => nodes?.[0]));
  if (masters.size === 0) throw new Error("CLUSTERDOWN not connected yet");
  return [...masters].map((master) => {
    const node = master === undefined ? undefined : nodes.get(master);
    if (!node) throw new Error(`CLUSTERDOWN no connection to ${master ?? "the master of some slots"}`);
    return node;
  });
}

/** Whether every server that holds keys is connected. */
export function allConnected(redis: Redis): boolean {
  if (redis.status !== "ready") return false;
  try {
    return serversOf(redis).every(({ status }) => status === "ready");
  } catch {
    return false;
  }
}

/** A command whose first argument is the key that says where it belongs. */
export type KeyedCommand = readonly [name: string, key: string, ...rest: (string | number | Buffer)[]];

export type Answer = readonly [error: Error | null, value: unknown];

/** Not carried out, or nobody knows: sent again one by one, as the Cluster's own redirections want it. */
const ASTRAY = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN) |connection is closed|ECONN|EPIPE/i;

/**
 * Sends commands at once: one pipeline, or one a node of a Cluster. Answers in their order, texts as Buffers.
 *
 * On a Cluster what went astray (a slot has moved, a node has gone) is sent again, so a command may be carried out twice:
 * it must bear that, as reading does, and appending events with ids.
 *
 * @throws Error when the connection refuses them all
 */
export async function sendTogether(redis: Redis, commands: readonly KeyedCommand[]): Promise<Answer[]> {
  const cluster = clusterOf(redis);
  if (!cluster) return pipelined(redis, commands);
  const nodes = nodesOf(cluster);
  const groups = new Map<Redis | undefined, number[]>();
  commands.forEach(([, key], i) => {
    const [master] = cluster.slots[keySlot(key)] ?? [];
    const node = master === undefined ? undefined : nodes.get(master);
    const group = groups.get(node);
    if (group) group.push(i);
    else groups.set(node, [i]);
  });
  const answers: Answer[] = new Array(commands.length);
  await Promise.all(
    [...groups].map(async ([node, places]) => {
      const some = places.map((i) => commands[i]);
      const first = node ? await pipelined(node, some) : some.map(() => undefined);
      await Promise.all(
        places.map(async (place, i) => {
          const answer = first[i];
          answers[place] = answer && !ASTRAY.test(answer[0]?.message ?? "") ? answer : await single(redis, some[i]);
        }),
      );
    }),
  );
  return answers;
}

async function pipelined(redis: Redis, commands: readonly KeyedCommand[]): Promise<Answer[]> {
  const pipeline = redis.pipeline();
  for (const command of commands) pipeline.callBuffer(...command);
  return (await pipeline.exec()) ?? [];
}

const single = (redis: Redis, command: KeyedCommand): Promise<Answer> =>
  redis.callBuffer(...command).then(
    (value): Answer => [null, value],
    (error): Answer => [error, undefined],
  );
