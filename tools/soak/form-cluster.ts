import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";

/** Where a node of a Redis Cluster listens: for clients, and for the other nodes. */
export interface NodePorts {
  readonly port: number;
  readonly bus: number;
}

const SLOTS = 16_384;

/** What makes a redis-server a node, on this machine alone. */
export const nodeArguments = ({ port, bus }: NodePorts, dir: string): string[] => [
  ...["--port", String(port), "--cluster-port", String(bus), "--bind", "127.0.0.1", "--dir", dir],
  ...["--cluster-enabled", "yes", "--cluster-node-timeout", "3000"],
];

/** Makes one Cluster of nodes that are running: each gets an equal run of slots. Takes about two seconds. */
export async function formCluster(masters: readonly Redis[], ports: readonly NodePorts[]): Promise<void> {
  const bound = (i: number) => Math.round((i * SLOTS) / masters.length);
  await Promise.all(masters.map((node, i) => node.call("CLUSTER", "ADDSLOTSRANGE", bound(i), bound(i + 1) - 1)));
  // each its own epoch: else they settle first who may keep theirs
  await Promise.all(masters.map((node, i) => node.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1)));
  for (const { port, bus } of ports.slice(1)) await masters[0].call("CLUSTER", "MEET", "127.0.0.1", port, bus);
  await until(async () => {
    const said = await Promise.all(masters.map((node) => node.call("CLUSTER", "INFO")));
    return said.every((info) => {
      const text = String(info);
      return text.includes("cluster_state:ok") && text.includes(`cluster_known_nodes:${ports.length}`);
    });
  });
}

/** @throws Error when it does not hold within a minute */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 2_400) throw new Error("The nodes did not become one Redis Cluster.");
    await sleep(25);
  }
}
