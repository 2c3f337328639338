import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { formCluster, nodeArguments, until } from "../../tools/soak/form-cluster.ts";
import { freePorts } from "../../tools/soak/free-port.ts";

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

/** Three masters and a replica of the first, on free ports of this machine. Takes about three seconds. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const free = await freePorts(2 * (MASTERS + 1));
  const ports = Array.from({ length: MASTERS + 1 }, (_, i) => ({ port: free[2 * i], bus: free[2 * i + 1] }));
  const root = mkdtempSync(join(tmpdir(), "portrait-cluster-"));
  const quick = ["--save", "", "--repl-diskless-sync-delay", "0", "--maxmemory-policy", "noeviction"];
  const patient = ["--cluster-node-timeout", "30000"]; // a node that stands still on a busy machine has not failed
  const children = ports.map((one, i) => {
    const dir = join(root, String(i));
    mkdirSync(dir);
    return spawn("redis-server", [...nodeArguments(one, dir), ...quick, ...patient], { stdio: "ignore" });
  });
  const nodes = ports.map(({ port }) => {
    const redis = new Redis(port, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    redis.on("error", () => {});
    return redis;
  });
  const [masters, replica] = [nodes.slice(0, MASTERS), nodes[MASTERS]];
  const [first, itself] = await Promise.all(
    [masters[0], replica].map(async (node) => String(await node.call("CLUSTER", "MYID"))),
  );
  const nodesOf = async (node: Redis) => String(await node.call("CLUSTER", "NODES"));
  await formCluster(masters, ports);
  await until(async () => (await nodesOf(replica)).includes(first));
  await replica.call("CLUSTER", "REPLICATE", first);
  await until(async () => (await replica.info("replication")).includes("master_link_status:up"));
  const kill = async (i: number) => {
    const child = children[i];
    if (child.signalCode) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  };
  return {
    url: `redis://${ports.slice(0, MASTERS).map(({ port }) => `127.0.0.1:${port}`)}`,
    nodes,
    async failOver() {
      // a replica that waits for a busy master longer than five seconds gives up, and has to be told again
      for (let told = 0; !(await replica.info("replication")).includes("role:master"); told++) {
        if (told % 240 === 0) await replica.call("CLUSTER", "FAILOVER");
        await sleep(25);
      }
      const isMaster = new RegExp(`${itself} \\S+ \\S*master .*connected \\d`);
      for (const node of masters) await until(async () => isMaster.test(await nodesOf(node)));
    },
    kill,
    async close() {
      for (const node of nodes) node.disconnect();
      await Promise.all(children.map((_, i) => kill(i)));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
