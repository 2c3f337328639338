import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import type { HotScore } from "../../src/http/hot-score.ts";
import { readPlainRequest } from "../../src/http/plain-request.ts";
import { answerOnSockets } from "../../src/http/socket-front.ts";

/** What was read, and where, as the answer. */
const said = (where: string, headers: IncomingMessage["headers"], body: string) =>
  JSON.stringify({ where, key: headers.authorization, type: headers["content-type"], body });

/** A server with a hot handler that tells what it read. */
async function house(hot?: HotScore) {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => res.end(said("http", req.headers, Buffer.concat(chunks).toString())));
  });
  const echo: HotScore = async (headers, body) => ({
    status: 200,
    requestId: "r",
    headers: { "Content-Type": "application/json" },
    text: said("socket", headers, String(body)),
  });
  answerOnSockets(server, hot ?? echo);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return server;
}

const HEARING = { timeout: 60_000, interval: 2 };

/** How many answers the text holds to their last byte. */
function wholeAnswers(text: string): number {
  let count = 0;
  for (let at = 0; ; count++) {
    const body = text.indexOf("\r\n\r\n", at) + 4;
    if (body < at + 4) return count;
    at = body + Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(at, body))?.[1] ?? 0);
    if (at > text.length) return count;
  }
}

async function caller(server: Server) {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  socket.setNoDelay(true);
  let text = "";
  socket.setEncoding("latin1").on("data", (bytes) => {
    text += bytes;
  });
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  return {
    socket,
    /** Everything that came so far, once it holds `wanted` whole answers, and a moment for one too many. */
    async heard(wanted: number) {
      await vi.waitFor(() => expect(wholeAnswers(text)).toBeGreaterThanOrEqual(wanted), HEARING);
      await sleep(10);
      return text;
    },
  };
}

const wheres = (text: string) => [...text.matchAll(/"where":"(\w+)"/g)].map(([, where]) => where);
const plain = (body: string, more = "") =>
  `POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

test("plain requests are answered on the socket, one after the other, with the head that node:http would write", async () => {
  const server = await house();
  const { socket, heard } = await caller(server);
  socket.write(plain('{"a":1}', "Authorization: Bearer k\r\n"));
  const first = await heard(1);
  expect(first).toMatch(
    /^HTTP\/1\.1 200 OK\r\nContent-Type: application\/json\r\nX-Request-Id: r\r\nContent-Length: \d+\r\nDate: \w{3}, .* GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n\{/,
  );
  expect(first).toContain('"key":"Bearer k","type":"application/json","body":"{\\"a\\":1}"}');
  socket.write(plain('{"a":2}'));
  expect(wheres(await heard(2))).toEqual(["socket", "socket"]);
});

test("requests in one packet are answered in their order", async () => {
  const server = await house(async (_, body) => {
    await sleep(String(body) === "1" ? 30 : 1);
    return { status: 200, requestId: "r", headers: {}, text: `answer ${body}\n` };
  });
  const { socket, heard } = await caller(server);
  socket.write(plain("1") + plain("2") + plain("3"));
  expect((await heard(3)).match(/answer \d/g)).toEqual(["answer 1", "answer 2", "answer 3"]);
});

test("a body that comes in pieces is waited for; letters outside Latin keep their bytes", async () => {
  const server = await house();
  const { socket, heard } = await caller(server);
  const bytes = Buffer.from(plain('{"id":"łódź"}'));
  for (const at of [bytes.length - 8, bytes.length - 7, bytes.length]) {
    socket.write(bytes.subarray(socket.bytesWritten, at));
    await sleep(15);
  }
  const text = await heard(1);
  expect(wheres(text)).toEqual(["socket"]);
  expect(Buffer.from(text, "latin1").toString()).toContain("łódź");
});

test.each([
  ["another path", "POST /v1/other HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "http"],
  ["another method", "GET /v1/score HTTP/1.1\r\nHost: x\r\n\r\n", "http"],
  ["HTTP/1.0", "POST /v1/score HTTP/1.0\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "http"],
  ["chunks", plain("", "").replace("Content-Length: 0", "Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n", "http"],
  ["hanging up", plain("{}", "Connection: close\r\n"), "http"],
  ["two types", plain("{}", "Content-Type: text/plain\r\n"), "http"],
  ["no host", plain("{}").replace("Host: x\r\n", ""), "400"],
  ["a length and chunks", plain("{}", "Transfer-Encoding: chunked\r\n"), "400"],
  ["two lengths", plain("{}", "Content-Length: 3\r\n"), "400"],
  ["a signed length", plain("{}").replace("Length: 2", "Length: +2"), "400"],
  ["a blank before the colon", plain("{}").replace("Host:", "Host :"), "400"],
  ["a bare LF", plain("{}", "X-A: b\nX-C: d\r\n"), "400"],
])("%s is for node:http to read or to refuse", async (_, request, wanted) => {
  const server = await house();
  const { socket, heard } = await caller(server);
  socket.write(request);
  const text = await heard(1);
  if (wanted === "http") expect(wheres(text)).toEqual(["http"]);
  else expect(text).toMatch(/^HTTP\/1\.1 400 /);
});

test("a connection that brings something else once is node:http's from there on", async () => {
  const server = await house();
  const { socket, heard } = await caller(server);
  socket.write(`${plain("1")}GET /livez HTTP/1.1\r\nHost: x\r\n\r\n${plain("2")}`);
  expect(wheres(await heard(3))).toEqual(["socket", "http", "http"]);
  socket.write(plain("3"));
  expect(wheres(await heard(4))).toEqual(["socket", "http", "http", "http"]);
});

test("who closes its half after asking gets the answer and an end", async () => {
  const server = await house();
  const { socket, heard } = await caller(server);
  socket.end(plain("1"));
  const [text] = await Promise.all([heard(1), once(socket, "close")]);
  expect(wheres(text)).toEqual(["socket"]);
});

test("closing ends idle connections, and busy ones after their answer, which says so", async () => {
  let finish: () => void = () => {};
  const server = await house(async (_, body) => {
    if (String(body) === "slow")
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
    return { status: 200, requestId: "r", headers: {}, text: "done" };
  });
  const [idle, busy] = [await caller(server), await caller(server)];
  idle.socket.write(plain("quick"));
  busy.socket.write(plain("slow"));
  await idle.heard(1);
  const closed = once(server, "close");
  server.close();
  await once(idle.socket, "close");
  expect(busy.socket.destroyed).toBe(false);
  finish();
  expect(await busy.heard(1)).toMatch(/Connection: close\r\n\r\ndone$/);
  await closed;
});

test("closing ends connections that have said nothing for a second, and leaves younger ones the time to speak", async () => {
  const server = await house();
  const began = performance.now();
  const [silent, early] = [await caller(server), await caller(server)];
  early.socket.write(plain("{}").slice(0, -1)); // what has begun to speak is heard to the end
  await vi.waitFor(async () => expect(await promisify(server.getConnections.bind(server))()).toBe(2), HEARING);
  server.close();
  const ended = once(silent.socket, "close");
  const sweep = setInterval(() => server.closeIdleConnections(), 10);
  await ended;
  clearInterval(sweep);
  expect(performance.now() - began).toBeGreaterThan(999);
  early.socket.write("}");
  expect(wheres(await early.heard(1))).toEqual(["socket"]);
});

test("an idle connection ends after the server's own patience", async () => {
  const server = await house();
  server.keepAliveTimeout = 200;
  const { socket, heard } = await caller(server);
  socket.write(plain("1"));
  await heard(1);
  await once(socket, "close");
});

test("who never ends its body is refused as node:http refuses it, and who says nothing goes there too", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }); // the looks, once a second
  onTestFinished(() => void vi.useRealTimers());
  const server = await house();
  let met = 0;
  server.on("connection", () => met++);
  const [slow, slower, silent] = [await caller(server), await caller(server), await caller(server)];
  for (const { socket } of [slow, slower]) socket.write(plain("{}").slice(0, -1));
  await vi.waitFor(() => expect(met).toBe(3), HEARING);
  server.headersTimeout = 60_000;
  vi.advanceTimersByTime(1_000);
  slow.socket.write("}");
  expect(wheres(await slow.heard(1))).toEqual(["socket"]);
  server.headersTimeout = 1;
  await sleep(5);
  vi.advanceTimersByTime(1_000);
  server.headersTimeout = 60_000;
  slower.socket.write("}");
  silent.socket.write(plain("2"));
  expect(wheres(await slower.heard(1))).toEqual(["http"]);
  expect(wheres(await silent.heard(1))).toEqual(["http"]);
});

test("a caller that does not read its answers is not read either", async () => {
  let asked = 0;
  const server = await house(async () => {
    asked++;
    return { status: 200, requestId: "r", headers: {}, text: "x".repeat(100_000) };
  });
  const { socket } = await caller(server);
  socket.pause();
  socket.write(plain("{}").repeat(400));
  await expect.poll(() => asked, { timeout: 60_000 }).toBeGreaterThan(0);
  for (let before = -1; before !== asked; await sleep(300)) before = asked; // until no more are answered
  expect(asked).toBeLessThan(300);
  socket.resume();
  await expect.poll(() => asked, { timeout: 60_000 }).toBe(400);
});

const token = fc.string({ unit: fc.constantFrom(..."abcXYZ-_0"), minLength: 1, maxLength: 8 });
const value = fc.string({ unit: fc.constantFrom(...'ab ,;="é\t0'), maxLength: 12 });
const headerLine = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(token, value).map(([name, text]) => `X-${name}: ${text}`) },
  fc.constantFrom(
    "Connection: keep-alive",
    "connection:Keep-Alive",
    "Authorization:  Bearer x ",
    "Content-Type:text/plain",
  ),
  fc.constantFrom(
    "Expect: 100-continue",
    "Upgrade: x",
    " folded",
    "Host: y",
    "Content-Length: 1",
    "bad line",
    "X: a\u0000b",
  ),
);

test("what is read on the socket, node:http reads the same", async () => {
  const server = await house();
  const peer = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => res.end(said("socket", req.headers, Buffer.concat(chunks).toString())));
  }).listen(0, "127.0.0.1");
  await once(peer, "listening");
  onTestFinished(() => void peer.close());
  const ask = async (at: Server, bytes: Buffer) => {
    const { socket, heard } = await caller(at);
    socket.write(bytes);
    const text = await heard(1);
    socket.destroy();
    return text.slice(text.indexOf("\r\n\r\n"));
  };
  let read = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(headerLine, { maxLength: 5 }), fc.string({ maxLength: 30 }), async (lines, body) => {
      const bytes = Buffer.concat([
        Buffer.from(
          ["POST /v1/score HTTP/1.1", "Host: x", ...lines, `Content-Length: ${Buffer.byteLength(body)}`].join("\r\n"),
          "latin1",
        ),
        Buffer.from(`\r\n\r\n${body}`),
      ]);
      const request = readPlainRequest(bytes);
      fc.pre(typeof request === "object");
      read++;
      expect(await ask(server, bytes)).toBe(await ask(peer, bytes));
    }),
    { numRuns: 60 },
  );
  expect(read).toBeGreaterThan(30);
});

test("reading a request never throws, whatever the bytes", () => {
  const start = Buffer.from("POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(start.length), (noise, from) => {
      const request = readPlainRequest(Buffer.concat([start.subarray(0, from), noise]));
      if (typeof request === "object") expect(request.length).toBeLessThanOrEqual(from + noise.length);
    }),
    { numRuns: 2_000 },
  );
});
