import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { linesTogether } from "../../src/http/score-lines.ts";
import { serve } from "../support/serve.ts";

const NDJSON = { "content-type": "application/x-ndjson", accept: "application/x-ndjson" };
const line = (age: number) => `{"models":["bank"],"features":{"age":${age}},"receipt":"none"}`;

async function* cut(bytes: Buffer, sizes: readonly number[]) {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length];
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test("lines are the same however the stream is cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("", " ", '{"a":1}', "ö", "\r", "x".repeat(50)), { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
      async (lines, sizes) => {
        const found: string[] = [];
        for await (const group of linesTogether(cut(Buffer.from(lines.join("\n")), sizes)))
          found.push(...group.map((one) => String(one)));
        expect(found).toEqual(lines.filter((text) => text.trim() !== ""));
      },
    ),
    { numRuns: 200 },
  );
});

test("groups hold a thousand lines or a megabyte, and a line without an end ends the stream", async () => {
  const sizes: number[] = [];
  for await (const group of linesTogether(cut(Buffer.from("1\n".repeat(2_500)), [65_536]))) sizes.push(group.length);
  expect(sizes).toEqual([1_000, 1_000, 500]);
  const long: (number | undefined)[] = [];
  for await (const group of linesTogether(cut(Buffer.from(`1\n${"x".repeat(3_000_000)}`), [65_536])))
    long.push(...group.map((one) => one?.length));
  expect(long).toEqual([1, undefined]);
});

test("NDJSON in gives NDJSON out: a line for each, the good and the bad, in order", async () => {
  await using house = await serve();
  const body = [line(40), '{"models":["bank"],"features":{"ages":1}}', "{", "", line(50)].join("\n");
  const res = await house.ask("POST", "/v1/score/batch", body, NDJSON);
  expect([res.status, res.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
  const lines = res.text
    .trimEnd()
    .split("\n")
    .map((text) => JSON.parse(text));
  expect(lines.map(({ error, scores }) => error?.code ?? scores.bank.probability)).toEqual([
    0.5,
    "MODEL_INPUT_MISMATCH",
    "BODY_NOT_JSON",
    1 / (1 + Math.exp(-1)),
  ]);
});

test("who wants lines back and sends none is told so", async () => {
  await using house = await serve();
  const res = await house.ask("POST", "/v1/score/batch", `[${line(40)}]`, { accept: "application/x-ndjson" });
  expect([res.status, res.body.code]).toEqual([415, "MEDIA_TYPE_UNSUPPORTED"]);
});

test("a hundred thousand rows pass in bounded memory, and no faster than the caller reads", async () => {
  await using house = await serve();
  const ROWS = 100_000;
  const blanks = " ".repeat(250); // more than the kernel keeps for a connection
  const piece = Buffer.from(`${Array.from({ length: 500 }, (_, i) => line(i) + blanks).join("\n")}\n`);
  let sent = 0;
  const headers = { ...NDJSON, authorization: "Bearer scorer" };
  const req = request(`${house.url}/v1/score/batch`, { method: "POST", headers });
  const answered = once(req, "response");
  const write = () => {
    while (sent < ROWS) {
      sent += 500;
      if (!req.write(piece)) return void req.once("drain", write);
    }
    req.end();
  };
  write();
  const [res] = (await answered) as [IncomingMessage];
  for (let before = -1; before !== sent; await sleep(500)) before = sent; // nobody reads yet
  expect(sent).toBeLessThan(ROWS);
  let heard = 0;
  let most = 0;
  for await (const chunk of res) {
    for (const byte of chunk as Buffer) if (byte === 10) heard++;
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  }
  expect(heard).toBe(ROWS);
  expect(most).toBeLessThan(100e6);
});
