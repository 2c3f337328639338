import { expect, test } from "vitest";
import type { KeyHolder, KeyStore } from "../../src/http/keys.ts";
import { rememberKeys } from "../../src/http/remember-keys.ts";

function weighed(holders: Record<string, KeyHolder>) {
  const seen: string[] = [];
  const keys: KeyStore = {
    check(key) {
      seen.push(key);
      return holders[key];
    },
  };
  return { keys, seen };
}
const ann: KeyHolder = { name: "ann", scopes: ["score"] };

test("a key is weighed once a second, however often it comes", () => {
  let now = 0;
  const { keys, seen } = weighed({ k: ann });
  const admit = rememberKeys(keys, "score", () => now);
  for (now = 0; now < 1_000; now += 10) expect(admit("Bearer k")).toBe(ann);
  expect(seen).toEqual(["k"]);
  admit("Bearer k");
  expect(seen).toEqual(["k", "k"]);
});

test("a revoked key is refused a second later, and never by another's memory", () => {
  let now = 0;
  const holders: Record<string, KeyHolder> = { k: ann };
  const admit = rememberKeys(weighed(holders).keys, "score", () => now);
  admit("Bearer k");
  delete holders.k;
  expect(admit("Bearer k")).toBe(ann);
  now = 1_000;
  expect(() => admit("Bearer k")).toThrow(/not known here/);
});

test("who was refused is weighed again each time, and a key of another scope is never let in", () => {
  const { keys, seen } = weighed({ r: { name: "reader", scopes: ["read"] } });
  const admit = rememberKeys(keys, "score", () => 0);
  for (let i = 0; i < 3; i++) {
    expect(() => admit("Bearer guess")).toThrow(/not known here/);
    expect(() => admit("Bearer r")).toThrow(/scope score/);
    expect(() => admit(undefined)).toThrow(/found none/);
  }
  expect(seen.length).toBe(6);
});
