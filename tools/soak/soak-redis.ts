import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { Actor } from "./actor.ts";
import { formCluster, type NodePorts, nodeArguments } from "./form-cluster.ts";
import { freePorts } from "./free-port.ts";

/** The Redis of a soak: one server, or the three masters of a Cluster. Whatever was acknowledged is on disk. */
export interface SoakRedis {
  readonly url: string;
  readonly servers: readonly Actor[];
}

const DURABLE = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction"];
const MASTERS = 3;

const server = (name: string, args: readonly string[]): Actor =>
  new Actor({ name, restartMs: 100, command: () => ["redis-server", [...args, ...DURABLE]] });

export function startOneRedis(root: string): SoakRedis {
  const socket = join(root, "redis.sock");
  return {
    url: `unix://${socket}`,
    servers: [server("redis", ["--port", "0", "--unixsocket", socket, "--dir", root])],
  };
}

export async function startSoakCluster(root: string): Promise<SoakRedis> {
  const ports: NodePorts[] = [];
  const free = await freePorts(2 * MASTERS);
  for (let i = 0; i < MASTERS; i++) ports.push({ port: free[2 * i], bus: free[2 * i + 1] });
  const servers = ports.map((one, i) => {
    const dir = join(root, `redis-${i}`);
    mkdirSync(dir);
    return server(`redis ${i}`, nodeArguments(one, dir));
  });
  const nodes = ports.map(({ port }) => {
    const node = new Redis(port, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    node.on("error", () => {}); // it is not there yet
    return node;
  });
  try {
    await formCluster(nodes, ports);
  } finally {
    for (const node of nodes) node.disconnect();
  }
  return { url: `redis://${ports.map(({ port }) => `127.0.0.1:${port}`).join(",")}`, servers };
}
