import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { expect, onTestFinished, test, vi } from "vitest";
import { createServer } from "../../src/http/server.ts";
import { serve } from "../support/serve.ts";

/** Prototypes that were changed, not merely set to what they were. */
function watchPrototypes() {
  const changed: unknown[] = [];
  const set = Object.setPrototypeOf;
  const spy = vi.spyOn(Object, "setPrototypeOf").mockImplementation((object, prototype) => {
    if (Object.getPrototypeOf(object) !== prototype) changed.push(object);
    return set(object, prototype);
  });
  onTestFinished(() => spy.mockRestore());
  return { changed, spy };
}

async function listen(server: http.Server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("no request changes the prototype of anything", async () => {
  await using house = await serve({}, { mount: "through Express" });
  const ask = () => house.post("/v1/score", { models: ["bank"], features: { age: 40 } });
  await ask();
  const { changed, spy } = watchPrototypes();
  for (let i = 0; i < 5; i++) expect((await ask()).status).toBe(200);
  expect(spy).toHaveBeenCalled(); // Express does set them, to what they are
  const ours = changed.filter((one) => one instanceof http.IncomingMessage || one instanceof http.ServerResponse);
  expect(ours).toEqual([]);
});

test("the same app on a plain server does change them: the test can fail", async () => {
  const app = express().get("/", (_req, res) => void res.end("hello"));
  const url = await listen(http.createServer(app));
  const { changed } = watchPrototypes();
  await (await fetch(url)).text();
  expect(changed.some((one) => one instanceof http.ServerResponse)).toBe(true);
});

test("requests and responses are Express's, and Node's, in all that apps use", async () => {
  const app = express();
  app.use(express.json());
  app.post("/things/:id", (req, res) => {
    expect(req).toBeInstanceOf(http.IncomingMessage);
    expect(res).toBeInstanceOf(http.ServerResponse);
    expect([req.app, res.app]).toEqual([app, app]);
    expect(req.get("content-type")).toMatch("json");
    res.status(201).cookie("a", "b").json({ id: req.params.id, body: req.body, path: req.path, ip: req.ip });
  });
  const url = await listen(createServer(app));
  const res = await fetch(`${url}/things/7?x=1`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"a":1}',
  });
  expect(res.status).toBe(201);
  expect(await res.json()).toEqual({ id: "7", body: { a: 1 }, path: "/things/7", ip: "127.0.0.1" });
  expect(res.headers.get("set-cookie")).toMatch("a=b");
});

test("streams and kept-alive connections work as they do on a plain server", async () => {
  const app = express().get("/", (_req, res) => {
    res.write("one ");
    setImmediate(() => res.end("two"));
  });
  const url = await listen(createServer(app));
  for (let i = 0; i < 3; i++) expect(await (await fetch(url)).text()).toBe("one two");
});
