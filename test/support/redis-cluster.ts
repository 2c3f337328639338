import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

export interface RedisCluster {
  /** redis://127.0.0.1:…,127.0.0.1:…,127.0.0.1:… of the three masters */
  readonly url: string;
  /** Straight to each server: the masters of the three thirds of the slots, then the replica of the first. */
  readonly nodes: readonly Redis[];
  /** Makes the replica the master of the first third, in good order, and waits until the others know. */
  failOver(): Promise<void>;
  /** Ends a server as a crash would. */
  kill(node: number): Promise<void>;
  close(): Promise<void>;
}

const MASTERS = 3;
const SLOTS = 16_384;

/** Three masters and a replica of the first, on free ports of this machine. Takes about three seconds. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const ports = await freePorts(2 * (MASTERS + 1));
  const root = mkdtempSync(join(tmpdir(), "portrait-cluster-"));
  const children = Array.from({ length: MASTERS + 1 }, (_, i) => {
    const dir = join(root, String(i));
    mkdirSync(dir);
    const own = ["--port", String(ports[2 * i]), "--cluster-port", String(ports[2 * i + 1]), "--dir", dir];
    const all = ["--bind", "127.0.0.1", "--save", "", "--cluster-enabled", "yes", "--cluster-node-timeout", "3000"];
    const quick = ["--repl-diskless-sync-delay", "0", "--maxmemory-policy", "noeviction"];
    return spawn("redis-server", [...own, ...all, ...quick], { stdio: "ignore" });
  });
  const nodes = children.map((_, i) => {
    const redis = new Redis(ports[2 * i], { retryStrategy: () => 20, maxRetriesPerRequest: null });
    redis.on("error", () => {});
    return redis;
  });
  const [first, second, third, replica] = nodes;
  const masters = [first, second, third];
  const ids = await Promise.all(nodes.map(async (node) => String(await node.call("CLUSTER", "MYID"))));
  const bounds = masters.map((_, i) => Math.round((i * SLOTS) / MASTERS)).concat(SLOTS);
  await Promise.all(masters.map((node, i) => node.call("CLUSTER", "ADDSLOTSRANGE", bounds[i], bounds[i + 1] - 1)));
  await Promise.all(
    masters.map((node, i) => node.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1)), // else they quarrel about it first
  );
  for (let i = 1; i <= MASTERS; i++) await first.call("CLUSTER", "MEET", "127.0.0.1", ports[2 * i], ports[2 * i + 1]);
  const told = async (node: Redis, command: string) => String(await node.call("CLUSTER", command));
  await until(async () => (await told(replica, "NODES")).includes(ids[0]));
  await replica.call("CLUSTER", "REPLICATE", ids[0]);
  await until(async () =>
    (await Promise.all(masters.map((node) => told(node, "INFO")))).every((info) => info.includes("cluster_state:ok")),
  );
  await until(async () => (await replica.info("replication")).includes("master_link_status:up"));
  const kill = async (i: number) => {
    const child = children[i];
    if (child.signalCode) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  };
  return {
    url: `redis://${masters.map((_, i) => `127.0.0.1:${ports[2 * i]}`).join(",")}`,
    nodes,
    async failOver() {
      await replica.call("CLUSTER", "FAILOVER");
      for (const node of masters)
        await until(async () =>
          new RegExp(`${ids[MASTERS]} \\S+ \\S*master .*connected \\d`).test(await told(node, "NODES")),
        );
    },
    kill,
    async close() {
      for (const node of nodes) node.disconnect();
      await Promise.all(children.map((_, i) => kill(i)));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 400) throw new Error("The Redis Cluster of the test did not come to be.");
    await sleep(25);
  }
}

/** Ports that nobody listens on at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            resolve(typeof address === "object" && address ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
