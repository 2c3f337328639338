import { Agent, request } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { rawAsk } from "../support/raw.ts";
import { MOUNTS, type Served, type ServeOptions, serve as serveAt } from "../support/serve.ts";

const AGE = '{"models":["bank"],"features":{"age":40}}';
const KEY = "Host: x\r\nAuthorization: Bearer scorer\r\nContent-Type: application/json\r\n";
const good = (extra = "") => `POST /v1/score HTTP/1.1\r\n${KEY}${extra}Content-Length: ${AGE.length}\r\n\r\n${AGE}`;
const codeIn = (text: string) => /"code":"([A-Z_]+)"/.exec(text)?.[1];
const livesOn = async (house: Served) =>
  expect((await house.post("/v1/score", { models: ["bank"], features: { age: 40 } })).status).toBe(200);

describe.each(MOUNTS)("with scores answered %s", (mount) => {
  const serve = (options: ServeOptions = {}) => serveAt({}, { ...options, mount });

  test("a request that two readers could take for two different ones is refused by name, and what follows is not read", async () => {
    await using house = await serve();
    const smuggled = `DELETE /v1/jobs/smuggled HTTP/1.1\r\n${KEY}\r\n`;
    const post = (headers: string, body: string) => `POST /v1/score HTTP/1.1\r\n${KEY}${headers}\r\n${body}`;
    const cases: Readonly<Record<string, string>> = {
      "a length beside chunks": post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n${smuggled}`),
      "chunks beside a length": post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", `0\r\n\r\n${smuggled}`),
      "two lengths": post("Content-Length: 41\r\nContent-Length: 0\r\n", AGE + smuggled),
      "a length with a sign": post("Content-Length: +41\r\n", AGE),
      "a list of lengths": post("Content-Length: 41, 41\r\n", AGE),
      "a folded header": post("X-A: b\r\n c\r\nContent-Length: 41\r\n", AGE),
      "a folded encoding": post("Transfer-Encoding:\r\n chunked\r\nContent-Length: 41\r\n", AGE),
      "a bare LF": post("X-A: b\nContent-Length: 41\r\n", AGE),
      "only bare LFs": good().replaceAll("\r\n", "\n"),
      "a bare CR": post("X-A: b\rX-B: c\r\nContent-Length: 41\r\n", AGE),
      "a blank before the colon": post("Content-Length : 41\r\n", AGE),
      "an encoding nobody knows": post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
      "chunked, and then something": post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
      "a zero byte": post("X-A: a\0b\r\nContent-Length: 41\r\n", AGE),
      "a size of a chunk that is no number": post("Transfer-Encoding: chunked\r\n", "0x29\r\n{}\r\n0\r\n\r\n"),
      "no HTTP at all": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello TLS\r\n\r\n",
    };
    const found = await Promise.all(
      Object.entries(cases).map(async ([name, bytes]) => {
        const { statuses, closed, text } = await rawAsk(house.url, bytes);
        return [name, statuses, closed, codeIn(text)];
      }),
    );
    expect(found).toEqual(Object.keys(cases).map((name) => [name, [400], true, "REQUEST_BROKEN"]));
    await livesOn(house);
  });

  test("two whole requests in one piece are two answers in their order", async () => {
    await using house = await serve();
    const second = "X-Request-Id: second";
    const both = good() + good(`${second}\r\n`);
    const { statuses, text } = await rawAsk(house.url, both, new RegExp(`${second}[^]*"scores"`, "i"));
    expect(statuses).toEqual([200, 200]);
    expect(text.match(/"scores"/g)).toHaveLength(2);
  });

  test("a gigabyte that is announced is refused before a byte of it is read", async () => {
    await using house = await serve();
    const head = `POST /v1/score HTTP/1.1\r\n${KEY}Content-Length: 1073741824\r\n\r\n`;
    const { statuses, text, closed } = await rawAsk(house.url, head);
    expect([statuses, codeIn(text), closed]).toEqual([[413], "BODY_TOO_LARGE", true]); // who reads on waits for ever
    expect((await rawAsk(house.url, head.replace("Bearer scorer", "Bearer guess"))).statuses).toEqual([401]);
  });

  test("a gigabyte in chunks is cut off soon after the limit, whatever the caller goes on sending", async () => {
    await using house = await serve();
    let sent = 0;
    const { statuses, closed } = await rawAsk(house.url, (socket) => {
      socket.write(`POST /v1/score HTTP/1.1\r\n${KEY}Transfer-Encoding: chunked\r\n\r\n`);
      const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`;
      const more = () => {
        while (sent < 2 ** 30 && !socket.destroyed) {
          sent += 0x10000;
          if (!socket.write(chunk)) return void socket.once("drain", more);
        }
      };
      more();
    });
    expect(closed).toBe(true);
    expect(sent).toBeLessThan(64 * 1_048_576);
    expect(statuses.every((status) => status === 413)).toBe(true); // it may be lost with the connection
    await livesOn(house);
  });

  test("headers without end are refused by name", async () => {
    await using house = await serve();
    const { statuses, text } = await rawAsk(
      house.url,
      `POST /v1/score HTTP/1.1\r\n${KEY}X-A: ${"a".repeat(20_000)}\r\n\r\n`,
    );
    expect([statuses, codeIn(text)]).toEqual([[431], "HEADERS_TOO_LARGE"]);
    const many = Array.from({ length: 1_900 }, (_, i) => `X${i}: 1\r\n`).join("");
    const request = `POST /v1/score HTTP/1.1\r\n${KEY}${many}\r\n`;
    expect((await rawAsk(house.url, request, /^HTTP\/1\.1 \d{3} /)).statuses[0]).toBeGreaterThanOrEqual(400);
    await livesOn(house);
  });

  test("who sends a byte at a time loses the connection, in the headers and in the body", async () => {
    await using house = await serve({ patience: { headersMs: 300, requestMs: 700, lookEveryMs: 50 } });
    const drip = (head: string) => (socket: Socket) => {
      socket.write(head);
      const timer = setInterval(() => socket.write("a"), 30);
      socket.once("close", () => clearInterval(timer));
    };
    const [inHead, inBody, silent] = await Promise.all([
      rawAsk(house.url, drip(`POST /v1/score HTTP/1.1\r\n${KEY}X-A: `)),
      rawAsk(house.url, drip(`POST /v1/score HTTP/1.1\r\n${KEY}Content-Length: 100000\r\n\r\n`)),
      rawAsk(house.url, ""),
    ]);
    expect([inHead.closed, inHead.statuses, codeIn(inHead.text)]).toEqual([true, [408], "REQUEST_TIMEOUT"]);
    expect([inBody.closed, inBody.statuses.filter((status) => status !== 408)]).toEqual([true, []]);
    expect(silent.closed).toBe(true);
    await livesOn(house);
  });

  test("bombs of JSON cost little and are refused by name, or are no bombs", async () => {
    await using house = await serve();
    const bombs: Readonly<Record<string, string>> = {
      "deep lists": "[".repeat(500_000),
      "deep objects": '{"a":'.repeat(150_000),
      "many lists": `{"features":{"a":[${"[],".repeat(300_000)}[]]}}`,
      "many keys": `{"features":{${Array.from({ length: 60_000 }, (_, i) => `"k${i}":1`).join(",")}}}`,
      "keys like places in a list": `{"features":{${Array.from({ length: 60_000 }, (_, i) => `"${i * 71_582}":1`).join(",")}}}`,
      "a key many times": `{${'"id":"u1",'.repeat(80_000)}"id":7}`,
      "one long text": `{"id":"${"a".repeat(1_000_000)}"}`,
      "one long number": `{"reasons":${"9".repeat(1_000_000)}}`,
      escapes: `{"id":"${"\\u0061".repeat(170_000)}"}`,
    };
    for (const [name, body] of Object.entries(bombs)) {
      const before = process.cpuUsage();
      const res = await house.ask("POST", "/v1/score", body);
      const { user, system } = process.cpuUsage(before);
      expect([res.status, ["BODY_NOT_JSON", "INPUT_INVALID"]], name).toEqual([
        400,
        expect.arrayContaining([res.body.code]),
      ]);
      expect((user + system) / 1_000, `${name}: ms of work`).toBeLessThan(1_000);
    }
  });

  test("a flood of wrong keys is held, and who has a good one does not wait for it", async () => {
    await using house = await serve();
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    let flooding = true;
    let refused = 0;
    const attacking = new Agent({ keepAlive: true });
    const calling = new Agent({ keepAlive: true });
    const attackers = Array.from({ length: 40 }, async () => {
      while (flooding) {
        expect(await statusOf(house.url, attacking, String(Math.random()))).toBe(401);
        refused++;
      }
    });
    // not by a poll, which would let the time of the test pass
    const answered = async (count: number) => {
      while (refused < count) await sleep(1);
      expect(refused).toBe(count);
    };
    const goodOnesGoOn = async () => {
      for (let i = 0; i < 20; i++) expect(await statusOf(house.url, calling, "scorer")).toBe(200);
    };
    await answered(50); // the first of a second, at once; from then on each attacker waits
    await goodOnesGoOn();
    vi.advanceTimersByTime(499);
    await goodOnesGoOn();
    expect(refused).toBe(50);
    vi.advanceTimersByTime(1);
    await answered(90);
    await goodOnesGoOn();
    expect(refused).toBe(90);
    flooding = false;
    vi.advanceTimersByTime(500);
    await Promise.all(attackers);
    expect(refused).toBe(130); // where they could make thousands
    attacking.destroy();
    calling.destroy();
  });
});

const statusOf = (url: string, agent: Agent, key: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const req = request(`${url}/v1/score`, { method: "POST", agent, headers }, (res) => {
      res.resume().once("end", () => resolve(res.statusCode));
    });
    req.once("error", reject).end(AGE);
  });
