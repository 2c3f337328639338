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
const ann: KeyHolder = { id: "k1", name: "ann", scopes: ["score"] };

test("a key is weighed once a second, however often it comes", () => {
  const { keys, seen } = weighed({ k: ann });
  const who = rememberKeys(keys);
  for (let now = 5_000; now < 6_000; now += 10) expect(who("Bearer k", now)).toBe(ann);
  expect(seen).toEqual(["k"]);
  who("Bearer k", 6_000);
  expect(seen).toEqual(["k", "k"]);
});

test("a revoked key is refused a second later, and never by another's memory", () => {
  const holders: Record<string, KeyHolder> = { k: ann };
  const who = rememberKeys(weighed(holders).keys);
  who("Bearer k", 5_000);
  delete holders.k;
  expect(who("Bearer k", 5_999)).toBe(ann);
  expect(() => who("Bearer k", 6_000)).toThrow(/not known here/);
});

test("who was refused is weighed again each time", () => {
  const { keys, seen } = weighed({});
  const who = rememberKeys(keys);
  for (let i = 0; i < 3; i++) {
    expect(() => who("Bearer guess", 5_000)).toThrow(/not known here/);
    expect(() => who(undefined, 5_000)).toThrow(/found none/);
  }
  expect(seen).toEqual(["guess", "guess", "guess"]);
});
