import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readHistoryCall } from "../../src/events/segment-call.ts";

const card = readFileSync("data/samples/README.md", "utf8");

test("the shop sample holds as many calls as its card says, and each is one", () => {
  const lines = gunzipSync(readFileSync("data/samples/shop/events.ndjson.gz")).toString().trimEnd().split("\n");
  expect(card).toContain(`${lines.length.toLocaleString("en")} calls`);
  const people = new Set<string>();
  for (const line of lines) {
    const { events, rejected } = readHistoryCall(JSON.parse(line), Date.UTC(2026, 6, 1), () => "minted");
    expect(rejected).toEqual([]);
    expect(events).toHaveLength(1);
    people.add(events[0].entity.id);
  }
  expect(card).toContain(`${people.size} people`);
});

test("the loans sample holds as many rows and repaid ones as its card says", () => {
  const [header, ...rows] = readFileSync("data/samples/loans.csv", "utf8").trimEnd().split("\n");
  expect(header.split(",").slice(0, 3)).toEqual(["entity", "thing", "moment"]);
  const repaid = rows.filter((row) => row.endsWith(",1")).length;
  expect(card).toContain(`${rows.length} loans`);
  expect(card).toContain(`within 70 days (${((100 * repaid) / rows.length).toFixed(1)} %)`);
});
