import { spawn } from "node:child_process";
import { join } from "node:path";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { replayStates } from "../../../src/stores/redis/replay-states.ts";
import { verifyStates } from "../../../src/stores/redis/verify-states.ts";
import { freePorts } from "../../../tools/soak/free-port.ts";
import { DAY } from "../../support/events.ts";
import { redisHouse } from "../../support/redis-house.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { payingReducers, payments } from "../../support/touches.ts";

/** A node that has all slots of a cluster: it answers everything, and refuses each command whose keys lie on two. */
async function clusterNode(): Promise<string> {
  const dir = tempDir();
  const socket = join(dir, "r.sock");
  const [port, bus] = await freePorts(2); // a cluster node wants both, though we come by its socket
  const at = ["--port", String(port), "--cluster-port", String(bus), "--bind", "127.0.0.1", "--unixsocket", socket];
  const args = [...at, "--dir", dir, "--save", ""];
  const child = spawn("redis-server", [...args, "--cluster-enabled", "yes"], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const redis = new Redis({ path: socket, retryStrategy: () => 50, maxRetriesPerRequest: null });
  redis.on("error", () => {});
  await redis.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
  await expect.poll(async () => String(await redis.call("CLUSTER", "INFO")), { timeout: 60_000 }).toContain("state:ok");
  await expect(redis.mget("a", "b")).rejects.toThrow(/CROSSSLOT/);
  redis.disconnect();
  return `unix://${socket}`;
}

test("door, workers, reads, replay and verify send no command whose keys lie on two slots of a cluster", async () => {
  const url = await clusterNode();
  const reducers = payingReducers();
  await using house = await redisHouse(url, reducers, 6);
  const [one, two] = await Promise.all([house.work({ leaseMs: 1_000, flushMs: 20 }), house.work({ leaseMs: 1_000 })]);
  const events = payments(300, 21);
  for (let i = 0; i < events.length; i += 50) await house.log.append(events.slice(i, i + 50));
  await Promise.all([one.close(), two.close()]);
  const last = await house.work();
  await last.idle();
  await last.idle(); // what the last commits forwarded
  await last.close();
  const options = { ...house, reducers, knownIdsMs: 7 * DAY };
  const before = await verifyStates(options);
  expect(before).toMatchObject({ equal: before.entities, different: 0, missing: 0, extra: 0 });
  expect(before.entities).toBeGreaterThan(40);
  await replayStates(options);
  expect(await verifyStates(options)).toEqual(before);
  const [state] = await house.states.read([
    { kind: "terminal", id: "3" },
    events[0].entity,
    { kind: "card", id: "c1" },
  ]);
  expect(state).toBeDefined();
});
