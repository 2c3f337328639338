import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Redis } from "ioredis";
import type { Random } from "../../models/random.ts";
import { PortraitError } from "../../src/errors.ts";
import type { ArtifactStore } from "../../src/scoring/artifact.ts";
import type { ReceiptStore } from "../../src/scoring/receipt.ts";
import { parseReceipt } from "../../src/scoring/receipt-bytes.ts";
import { openSealed, replayReceipt } from "../../src/scoring/replay-receipt.ts";
import { createVersionScorers } from "../../src/scoring/version-scorers.ts";
import { createDiskArtifacts } from "../../src/stores/disk/artifacts.ts";
import { chainKey, entryOf, receiptKey } from "../../src/stores/redis/receipt-groups.ts";

/** What came of flipping single bits in one kind of place. */
export interface Flips {
  readonly where: string;
  readonly tried: number;
  /** How many were found by one of the wanted names. */
  readonly found: number;
  /** After how many the replay was well again when the bit was put back. */
  readonly restored: number;
  readonly names: Readonly<Record<string, number>>;
}

interface FlipNeeds {
  readonly redis: Redis;
  readonly receipts: Pick<ReceiptStore, "open" | "links">;
  /** The versions in Redis, and the folder of those on disk. */
  readonly artifacts: Pick<ArtifactStore, "load">;
  readonly artifactsDir: string;
  /** The receipts to choose from. */
  readonly ids: readonly string[];
  readonly times: number;
  readonly random: Random;
}

/** One bit out of place. `undo` puts it back. */
type Flip = (id: string) => Promise<{ undo(): Promise<void> }>;

/** Flips `times` bits in each place, one after the other, and asks for a replay of a receipt that depends on it. */
export async function flipBits(needs: FlipNeeds): Promise<Flips[]> {
  const { redis, receipts, artifacts, artifactsDir, random } = needs;
  const disk = createDiskArtifacts(artifactsDir);
  const score = async (id: string) => parseReceipt(openSealed(await receipts.open(id)).bytes).scores[0];

  const sharedModel: Flip = async (id) => {
    const { model, version } = await score(id);
    const key = `{portrait-models}:version:${model}:${version}`;
    const fields = await redis.hgetallBuffer(key);
    const field = pick(Object.keys(fields).toSorted(), random);
    await redis.hset(key, field, flipped(fields[field], random));
    return { undo: async () => void (await redis.hset(key, field, fields[field])) };
  };
  const modelOnDisk: Flip = async (id) => {
    const { model, version } = await score(id);
    const folder = join(artifactsDir, model, version);
    const file = join(folder, pick(readdirSync(folder).toSorted(), random));
    const before = readFileSync(file);
    writeFileSync(file, flipped(before, random));
    return { undo: async () => writeFileSync(file, before) };
  };
  const row: Flip = async (id) => {
    const before = await bytesAt(redis, receiptKey(id));
    await redis.set(receiptKey(id), flipped(before, random, before.length - rowBytes(await score(id))), "KEEPTTL");
    return { undo: async () => void (await redis.set(receiptKey(id), before, "KEEPTTL")) };
  };
  const anywhere: Flip = async (id) => {
    const before = await bytesAt(redis, receiptKey(id));
    await redis.set(receiptKey(id), flipped(before, random), "KEEPTTL");
    return { undo: async () => void (await redis.set(receiptKey(id), before, "KEEPTTL")) };
  };
  const link: Flip = async (id) => {
    const { chain, number } = openSealed(await receipts.open(id));
    const key = chainKey(chain);
    const entries = (await redis.xrangeBuffer(key, "-", "+")) as unknown as [Buffer, Buffer[]][];
    const at = entries.findIndex(([entry]) => entry.toString() === entryOf(number));
    const changed = entries.map(([entry, fields], i): [Buffer, Buffer[]] => {
      const place = random.below(2) * 2 + 1; // the link, or its digests
      return [entry, i === at ? fields.with(place, flipped(fields[place], random)) : fields];
    });
    await rewrite(redis, key, changed);
    return { undo: () => rewrite(redis, key, entries) };
  };

  const places: readonly [where: string, flip: Flip, store: Pick<ArtifactStore, "load">, names: readonly string[]][] = [
    ["a model in Redis", sharedModel, artifacts, MODEL_NAMES],
    ["a model on disk", modelOnDisk, disk, MODEL_NAMES],
    ["a receipt's row", row, artifacts, ["RECEIPT_CHANGED"]],
    ["a stored receipt", anywhere, artifacts, RECEIPT_NAMES],
    ["a link of a chain", link, artifacts, ["CHAIN_BROKEN"]],
  ];
  const all: Flips[] = [];
  for (const [where, flip, store, wanted] of places) {
    const names: Record<string, number> = {};
    let [found, restored] = [0, 0];
    // versions are opened anew each time: one that is in memory already is not what is stored
    const ask = (id: string) => findingsOf(id, receipts, store);
    for (let i = 0; i < needs.times; i++) {
      const id = pick(needs.ids, random);
      const { undo } = await flip(id);
      const said = await ask(id);
      for (const name of said) names[name] = (names[name] ?? 0) + 1;
      if (said.some((name) => wanted.includes(name))) found++;
      await undo();
      if ((await ask(id)).length === 0) restored++;
    }
    all.push({ where, tried: needs.times, found, restored, names });
  }
  return all;
}

/** VERSION_CHANGED: a bit that makes 1e-7 of 1E-7 changes no value, and yet the digest that the receipt names. */
const MODEL_NAMES = ["ARTIFACT_BROKEN", "ARTIFACT_FORMAT", "VERSION_CHANGED"];
/** A bit anywhere in a sealed receipt, its salt and its place in the chain among them. */
const RECEIPT_NAMES = ["RECEIPT_CHANGED", "RECEIPT_BROKEN", "CHAIN_BROKEN"];

/** Flips one bit in a receipt's row, for good. */
export async function breakReceipt(redis: Redis, id: string, random: Random): Promise<void> {
  const before = await bytesAt(redis, receiptKey(id));
  await redis.set(receiptKey(id), flipped(before, random, before.length - 24), "KEEPTTL");
}

/** The names of what a replay finds; empty when all holds. */
async function findingsOf(
  id: string,
  receipts: FlipNeeds["receipts"],
  store: Pick<ArtifactStore, "load">,
): Promise<readonly string[]> {
  try {
    return (await replayReceipt(id, { receipts, scorerOf: createVersionScorers([store]) })).findings;
  } catch (error) {
    if (error instanceof PortraitError) return [error.code];
    throw error;
  }
}

/** A row, its margin and its probability lie at the end of a receipt, as doubles. */
const rowBytes = ({ row }: { readonly row: Float64Array }): number => 8 * (row.length + 2);

/** A copy with one bit changed. @param from the first byte that may be */
function flipped(bytes: Uint8Array, random: Random, from = 0): Buffer {
  const copy = Buffer.from(bytes);
  copy[from + random.below(bytes.length - from)] ^= 1 << random.below(8);
  return copy;
}

async function bytesAt(redis: Redis, key: string): Promise<Buffer> {
  const bytes = await redis.getBuffer(key);
  if (bytes) return bytes;
  throw new Error(`Wanted ${key} in Redis, found nothing`);
}

/** Entries of a stream cannot be changed in place: whoever forges one writes the stream anew. */
async function rewrite(redis: Redis, key: string, entries: readonly [Buffer, Buffer[]][]): Promise<void> {
  const writing = redis.multi().del(key);
  for (const [id, fields] of entries) writing.xadd(key, id, ...fields);
  await writing.exec();
}

const pick = <A>(all: readonly A[], random: Random): A => all[random.below(all.length)];
