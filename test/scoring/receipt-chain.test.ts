import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type ChainLink, checkLinks, nextLink, rootOf, saltedDigest } from "../../src/scoring/receipt-chain.ts";

const SALT = Buffer.alloc(16, 7);
const receipt = (text: string) => saltedDigest(SALT, Buffer.from(text));
const START = { number: -1, link: rootOf("c1") };

function chainOf(groups: readonly (readonly string[])[]): ChainLink[] {
  const links: ChainLink[] = [];
  for (const [number, group] of groups.entries())
    links.push(nextLink(links.at(-1)?.link ?? START.link, number, group.map(receipt)));
  return links;
}

const CHAIN = chainOf([["a", "b"], ["c"], ["d", "e", "f"]]);

it("a chain that nobody touched holds, from its root and from any link on", () => {
  expect(checkLinks(START, CHAIN)).toBeUndefined();
  expect(checkLinks({ number: 0, link: CHAIN[0].link }, CHAIN.slice(1))).toBeUndefined();
});

it("a digest is the hash of salt and receipt", () => {
  expect(saltedDigest(Buffer.from("ab"), Buffer.from("c")).toString("hex")).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", // SHA-256 of "abc", FIPS 180-2
  );
});

it("a link is the hash of the link before it, its number as a double, and its digests, one after the other", () => {
  const three = Buffer.from("0000000000000840", "hex"); // 3 as a double, little-endian
  const sum = createHash("sha256").update(START.link).update(three).update(receipt("a")).update(receipt("b"));
  expect(nextLink(START.link, 3, [receipt("a"), receipt("b")]).link).toEqual(sum.digest());
  expect(nextLink(START.link, 3, [Buffer.concat([receipt("a"), receipt("b")])]).link).toEqual(
    nextLink(START.link, 3, [receipt("a"), receipt("b")]).link,
  );
});

it("finds a link that is gone, and names it", () => {
  expect(checkLinks(START, [CHAIN[0], CHAIN[2]])).toEqual({ number: 1, why: "missing" });
});

it("finds that receipts changed places, left or came in", () => {
  const [a, b] = CHAIN[0].digests;
  for (const digests of [[b, a], [a], [a, b, receipt("x")]])
    expect(checkLinks(START, [{ ...CHAIN[0], digests }, ...CHAIN.slice(1)])).toEqual({ number: 0, why: "changed" });
});

it("does not hold for another chain's root", () => {
  expect(checkLinks({ number: -1, link: rootOf("c2") }, CHAIN)).toEqual({ number: 0, why: "changed" });
});

it("finds any one flipped bit", () => {
  fc.assert(
    fc.property(fc.nat(2), fc.nat(3), fc.nat(255), (number, part, bit) => {
      const link = CHAIN[number];
      const flipped = (bytes: Buffer) => {
        const copy = Buffer.from(bytes);
        copy[bit >> 3] ^= 1 << (bit & 7);
        return copy;
      };
      const place = part % (link.digests.length + 1);
      const changed =
        place === link.digests.length
          ? { ...link, link: flipped(link.link) }
          : { ...link, digests: link.digests.map((digest, i) => (i === place ? flipped(digest) : digest)) };
      const broken = checkLinks(
        START,
        CHAIN.map((one, i) => (i === number ? changed : one)),
      );
      expect(broken).toEqual({ number, why: "changed" });
    }),
    { seed: 1 },
  );
});
