import { Agent, request } from "node:http";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CODES } from "../../src/errors.ts";
import { type JsonSchema, nasty, valuesOf } from "../support/json-schema.ts";
import { anyBody, scoreShaped } from "../support/score-bodies.ts";
import { tinyEvent } from "../support/scoring.ts";
import { MOUNTS, type Served, serve } from "../support/serve.ts";

/** `npm run fuzz` sends 100,000; a house is made anew for each few thousand, one mount after the other. */
const BODIES = Number(process.env.PORTRAIT_FUZZ_BODIES ?? 2_000);
const A_HOUSE = 3_000;
const AT_ONCE = 25;
const LONG_ENOUGH_MS = 60_000 + 30 * BODIES;

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: JsonSchema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
}

/** As it stands in an address; half a surrogate pair cannot. */
function asText(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/g, "?"));
}

/** Calls of one route: address, query and body from its schemas, sometimes only bytes. */
function callsOf(path: string, method: string, { parameters, requestBody }: Operation): fc.Arbitrary<Sent> {
  const named = (place: string) =>
    fc.record(
      Object.fromEntries(
        parameters.filter((one) => one.in === place).map(({ name, schema }) => [name, valuesOf(schema)]),
      ),
    );
  const query = fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: named("query") });
  const schema = requestBody?.content["application/json"]?.schema;
  const bodies = schema === undefined ? fc.constant(undefined) : bodiesOf(path, schema);
  return fc.tuple(named("path"), query, bodies, fc.nat(40)).map(([inPath, inQuery, body, chance]) => {
    const address = path.replace(/\{(\w+)\}/g, (_, name: string) => asText(inPath[name]) || "x");
    const asked = Object.entries(inQuery).map(([name, value]) => `${name}=${asText(value)}`);
    const packed = body !== undefined && chance === 0;
    return {
      method: method.toUpperCase(),
      path: address + (asked.length > 0 ? `?${asked.join("&")}` : ""),
      headers: {
        authorization: "Bearer admin",
        ...(body !== undefined && { "content-type": chance === 1 ? "application/x-ndjson" : "application/json" }),
        ...(packed && { "content-encoding": "gzip" }),
      },
      ...(body !== undefined && { body: packed ? gzipSync(body) : body }),
    };
  });
}

function bodiesOf(path: string, schema: JsonSchema): fc.Arbitrary<string | Uint8Array> {
  const shaped = fc.oneof(valuesOf(schema), nasty).map((value) => JSON.stringify(value) ?? "null");
  const written = path === "/v1/score" ? fc.oneof(shaped, scoreShaped) : shaped;
  const broken = fc.tuple(written, fc.nat(), fc.string({ maxLength: 3 })).map(([text, at, more]) => {
    const cut = at % (text.length + 1);
    return text.slice(0, cut) + more + text.slice(cut + 1);
  });
  return fc.oneof(
    { weight: 10, arbitrary: written },
    { weight: 2, arbitrary: broken },
    { weight: 1, arbitrary: anyBody },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 1, arbitrary: fc.constantFrom("[".repeat(5_000), '{"a":'.repeat(5_000), `"${"\\u0000".repeat(500)}"`) },
  );
}

interface Got {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function send(url: string, agent: Agent, { method, path, headers, body }: Sent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const req = request(url + path, { method, headers, agent, timeout: 60_000 }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () =>
        resolve({
          status: res.statusCode ?? 0,
          type: res.headers["content-type"] ?? "",
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    req.on("timeout", () => req.destroy(new Error(`${method} ${path} was not answered in a minute`)));
    req.on("error", reject);
    req.end(body);
  });
}

/** Good answers are as they are; others name what is wrong, by a code that is listed. */
function mustBeNamed(sent: Sent, { status, type, text }: Got): void {
  const told = () => `${sent.method} ${sent.path} ${sent.body ?? ""} → ${status} ${text.slice(0, 300)}`;
  if (status < 400) return;
  expect(type, told()).toMatch("application/problem+json");
  const { code, status: said } = JSON.parse(text) as { code: string; status: number };
  expect(Object.keys(CODES), told()).toContain(code);
  expect(said, told()).toBe(status);
  if (status >= 500) expect(["SEGMENTS_NOT_READY", "MODEL_NOT_READY"], told()).toContain(code);
}

async function operationsOf(house: Served) {
  const { paths } = (await house.get("/openapi.json")).body as unknown as {
    paths: Record<string, Record<string, Operation>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}

test(
  `${BODIES.toLocaleString("en-US")} calls made from the schemas and from chance: a good answer or a named error`,
  async () => {
    const statuses = new Map<number, number>();
    const heard = new Map<string, number>();
    for (let left = BODIES, round = 0; left > 0; left -= A_HOUSE, round++) {
      await using house = await serve({}, { mount: MOUNTS[round % MOUNTS.length] });
      await house.services.eventLog.append([tinyEvent({ properties: { revenue: 60 } })]);
      const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
      const operations = await operationsOf(house);
      // what takes a body is asked oftener
      const calls = fc.oneof(
        ...operations.map(({ path, method, operation }) => ({
          weight: path === "/v1/score" ? 8 : operation.requestBody ? 4 : 1,
          arbitrary: callsOf(path, method, operation),
        })),
      );
      const many = fc.array(calls, { minLength: AT_ONCE, maxLength: AT_ONCE });
      await fc.assert(
        fc.asyncProperty(many, async (sent) => {
          const got = await Promise.all(sent.map((one) => send(house.url, agent, one)));
          got.forEach((one, i) => {
            mustBeNamed(sent[i], one);
            statuses.set(one.status, (statuses.get(one.status) ?? 0) + 1);
            heard.set(sent[i].method, (heard.get(sent[i].method) ?? 0) + 1);
          });
        }),
        { numRuns: Math.ceil(Math.min(left, A_HOUSE) / AT_ONCE), endOnFailure: true },
      );
      agent.destroy();
      expect((await house.get("/livez")).status).toBe(200);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    }
    // the fuzz reaches good answers and refusals alike
    expect(statuses.get(200) ?? 0).toBeGreaterThan(BODIES / 50);
    expect(statuses.get(400) ?? 0).toBeGreaterThan(BODIES / 20);
    if (BODIES > 10_000) console.log(`answers by status: ${JSON.stringify(Object.fromEntries(statuses))}`);
  },
  LONG_ENOUGH_MS,
);
