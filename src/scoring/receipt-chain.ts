import { createHash, hash } from "node:crypto";

/**
 * The chains of receipts of one process, one after the other.
 *
 * Receipts are stored in groups. Each group adds one link: the hash of the link before it, its number and the salted
 * digests of its receipts in order. Whoever changes, removes or inserts a receipt or a link later must change every link
 * after it, and any copy of a later link (in a log, in an e-mail, with an auditor) tells.
 *
 * A digest is salted with 16 random bytes that are kept with the receipt alone: when the receipt is erased, nothing in the chain
 * can be traced to the person any more, and the chain still verifies.
 */
export interface ChainLink {
  /** 0, 1, 2 … without a gap. */
  readonly number: number;
  /** `saltedDigest` of each receipt of the group, in order. */
  readonly digests: readonly Buffer[];
  readonly link: Buffer;
}

/**
 * After this share of the time that receipts are kept a chain ends and another begins. A chain is kept as long as the last
 * receipt that it vouches for, so that links outlive theirs by this share at most, however long the process lives.
 */
export const CHAIN_SHARE = 1 / 16;

export const SALT_BYTES = 16;
export const DIGEST_BYTES = 32;

/** What the chain knows of a receipt. In one piece: an object that hashes piece by piece costs more than the hashing. */
export const saltedDigest = (salt: Uint8Array, receipt: Uint8Array): Buffer =>
  hash("sha256", Buffer.concat([salt, receipt]), "buffer");

/** `saltedDigest` of a salt and the receipt behind it, written into `digests`: quicker as text than as a Buffer more. */
export function writeDigest(salted: Uint8Array, digests: Buffer, at: number): void {
  digests.write(hash("sha256", salted, "binary"), at, DIGEST_BYTES, "latin1");
}

/** What the first link follows. */
export const rootOf = (chain: string): Buffer => createHash("sha256").update(`portrait receipts ${chain}`).digest();

/** The next link after `before`. Cost: one hash over 32 bytes a receipt. @param digests also several in one piece */
export function nextLink(before: Uint8Array, number: number, digests: readonly Buffer[]): ChainLink {
  const head = Buffer.alloc(8);
  head.writeDoubleLE(number);
  return { number, digests, link: hash("sha256", Buffer.concat([before, head, ...digests]), "buffer") };
}

/** The first thing that is wrong with a chain. */
export interface BrokenChain {
  readonly number: number;
  readonly why: "missing" | "changed";
}

/**
 * Follows links in their order.
 *
 * @param before the link that the first of `links` follows, with its number; the root of the chain for number 0
 * @returns what is wrong, or undefined when every link follows the one before it
 */
export function checkLinks(
  before: { readonly number: number; readonly link: Uint8Array },
  links: readonly ChainLink[],
): BrokenChain | undefined {
  let { number, link: last } = before;
  for (const { number: found, digests, link } of links) {
    number++;
    if (found !== number) return { number, why: "missing" };
    if (!nextLink(last, number, digests).link.equals(link)) return { number, why: "changed" };
    last = link;
  }
  return undefined;
}
