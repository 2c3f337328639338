import { execFileSync } from "node:child_process";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createDiskArtifacts } from "../../src/stores/disk/artifacts.ts";
import { runningPrivateRedis } from "../../src/stores/redis/private-redis.ts";
import { constantArtifact } from "../support/constant-artifact.ts";
import { ask, KEY, portrait } from "../support/portrait-process.ts";
import { tempDir } from "../support/temp-dir.ts";

/** A var folder with a champion that says 0.25 of everybody. */
async function varWithChampion(): Promise<string> {
  const root = tempDir();
  const disk = createDiskArtifacts(join(root, "artifacts"));
  await disk.save(constantArtifact());
  await disk.promote("bank", "v1", "first");
  return root;
}

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("serve without Redis lives, scores what comes with the request, says what is missing, and ends with 0", async () => {
  const api = portrait(["serve", "--json"], { PORTRAIT_VAR: await varWithChampion() });
  const url = String((await api.hear("portrait answers")).url);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ missing: expect.arrayContaining(["redis"]) });
  const scored = await ask(url, "POST", "/v1/score", { models: ["bank"], features: { age: 40 } });
  expect(scored.status).toBe(200);
  expect(await scored.json()).toMatchObject({ scores: { bank: { version: "v1" } }, missing: ["receipt"] });
  const byId = await ask(url, "POST", "/v1/score", { entity: "user", id: "u1", models: ["purchase"] });
  expect(byId.status).toBe(503);
  const retrain = await ask(url, "POST", "/v1/models/purchase/retrain", {});
  expect(await retrain.json()).toMatchObject({ status: 503, code: "REDIS_AWAY" });
  expect(await api.end()).toBe(0);
});

test("a port in use is a named error with what to do, and the exit code is 1", async () => {
  const squatter = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void squatter.close());
  await new Promise((listening) => squatter.once("listening", listening));
  const { port } = squatter.address() as AddressInfo;
  const api = portrait(["serve", "--json", "--port", String(port)], { PORTRAIT_VAR: tempDir() });
  expect(await api.ended).toBe(1);
  const { error } = JSON.parse(api.out()) as { error: { code: string; message: string } };
  expect(error.code).toBe("PORT_IN_USE");
  expect(error.message).toContain(`Wanted port ${port} on 127.0.0.1`);
});

test("SIGTERM lets a request in flight finish", async () => {
  const api = portrait(["serve", "--json"], { PORTRAIT_VAR: await varWithChampion() });
  const url = new URL(String((await api.hear("portrait answers")).url));
  const body = JSON.stringify({ models: ["bank"], features: { age: 40 } });
  const slow = request({
    host: url.hostname,
    port: url.port,
    method: "POST",
    path: "/v1/score",
    headers: { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json", "Content-Length": body.length },
  });
  const answer = new Promise<number | undefined>((done, failed) => {
    slow.once("error", failed).once("response", (res) => {
      res.resume();
      res.once("end", () => done(res.statusCode));
    });
  });
  await new Promise<unknown>((written) => slow.write(body.slice(0, 10), written));
  expect((await fetch(new URL("/livez", url))).status).toBe(200); // what was sent before this has been read
  const ended = api.end();
  await api.hear("ending");
  slow.end(body.slice(10));
  expect(await answer).toBe(200);
  expect(await ended).toBe(0);
});

test("work without any Redis is a named error", async () => {
  const worker = portrait(["work", "--json"], { PORTRAIT_VAR: tempDir() });
  expect(await worker.ended).toBe(1);
  expect(JSON.parse(worker.out())).toMatchObject({ error: { code: "REDIS_AWAY" } });
});

test("a configuration that does not hold together names every variable at once", async () => {
  const api = portrait(["serve", "--json"], { PORT: "http", PORTRAIT_PARTITIONS: "0" });
  expect(await api.ended).toBe(1);
  expect(JSON.parse(api.out())).toMatchObject({
    error: { code: "CONFIG_INVALID", facts: { variables: ["PORT", "PORTRAIT_PARTITIONS"] } },
  });
});

test("up brings Redis, worker and API, and one Ctrl-C ends them all in order", async () => {
  const root = await varWithChampion();
  const up = portrait(["up", "--json"], { PORTRAIT_VAR: root, PORTRAIT_API_KEY: undefined });
  const url = String((await up.hear("portrait is up")).url);
  const key = /shown once: (ptr_\S+)/.exec(up.out())?.[1] ?? "";
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(200);

  const scored = await fetch(`${url}/v1/score`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify({ models: ["bank"], features: { age: 40 } }),
  });
  expect(scored.status).toBe(200);
  expect(await scored.json()).toMatchObject({ scores: { bank: { version: "v1" } }, receipt: expect.any(String) });
  expect(await runningPrivateRedis(join(root, "redis"))).toMatch(/^unix:/);

  const second = portrait(["up", "--json"], { PORTRAIT_VAR: root });
  expect(await second.ended).toBe(1);
  expect(JSON.parse(second.out())).toMatchObject({ error: { code: "VAR_IN_USE" } });

  expect(await up.end("SIGINT")).toBe(0);
  expect(up.said.map(({ msg }) => msg)).toEqual(expect.arrayContaining(["portrait is up", "ending"]));
  expect(await runningPrivateRedis(join(root, "redis"))).toBeUndefined();
});

/** The process ids of the worker and the private Redis that a running `up` has started. */
function childrenOf(pid: number): { readonly worker: number; readonly redis: number } {
  const children = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(pid)], { encoding: "utf8" });
  return {
    worker: Number(/(\d+) .*\bwork\b/.exec(children)?.[1]),
    redis: Number(/(\d+) .*redis-server/.exec(children)?.[1]),
  };
}

test("a worker that dies is started again; when the API is killed, its worker ends by itself", async () => {
  const up = portrait(["up", "--json"], { PORTRAIT_VAR: tempDir() });
  await up.hear("portrait is up");
  const first = childrenOf(up.pid).worker;
  expect(first).toBeGreaterThan(0);
  process.kill(first, "SIGKILL");
  await up.hear("the worker ended and is started again");
  const begun = () => up.said.filter(({ msg }) => msg === "the worker takes events and jobs").length;
  await expect.poll(begun, { timeout: 60_000 }).toBe(2);

  const { worker, redis } = childrenOf(up.pid);
  expect(worker).not.toBe(first);
  await up.end("SIGKILL");
  await expect.poll(() => alive(worker), { timeout: 60_000 }).toBe(false);
  process.kill(redis); // nobody is left to stop it: the next `up` in that folder would
});

test("serve --processes answers from several at one address, sums their measures, replaces, renews and ends them", async () => {
  const api = portrait(["serve", "--json", "--processes", "2"], { PORTRAIT_VAR: await varWithChampion() });
  const url = String((await api.hear("all processes answer")).url);
  const pids = () => {
    const listed = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(api.pid)], { encoding: "utf8" });
    const serving = listed.split("\n").filter((line) => line.includes(" serve "));
    return serving.map((line) => Number.parseInt(line, 10));
  };
  const before = pids();
  expect(before).toHaveLength(2);
  const score = async () => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${KEY}`, connection: "close" };
    const body = JSON.stringify({ models: ["bank"], features: { age: 40 } });
    const signal = AbortSignal.timeout(60_000); // a caller who is forgotten counts as lost
    return (await fetch(`${url}/v1/score`, { method: "POST", headers, body, signal })).status;
  };
  for (let i = 0; i < 10; i++) expect(await score()).toBe(200); // a new connection each: both have some
  const measured = async () => (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${KEY}` } })).text();
  // a process that is too busy to answer within a second is left out of the sum
  await expect.poll(measured).toMatch(/portrait_scores_total\{model="bank",version="v1"\} 10\n/);
  const page = await measured();
  expect(page).toMatch(/portrait_champion\{model="bank",version="v1"\} 1\n/);

  process.kill(before[0], "SIGKILL");
  await api.hear("a process ended; another takes its place");
  expect(await score()).toBe(200);

  let lost = 0;
  let asked = 0;
  let over = false;
  const asking = (async () => {
    while (!over) {
      asked++;
      if ((await score().catch(() => 0)) !== 200) lost++;
    }
  })();
  process.kill(api.pid, "SIGHUP");
  await api.hear("all processes are renewed");
  over = true;
  await asking;
  expect(asked).toBeGreaterThan(10);
  expect(lost).toBe(0);
  expect(pids().some((pid) => before.includes(pid))).toBe(false);
  const last = pids();
  expect(await api.end()).toBe(0);
  expect(last.filter(alive)).toEqual([]);
});
