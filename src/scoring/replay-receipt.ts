import { PortraitError } from "../errors.ts";
import type { Receipt, ReceiptStore, ScoreRecord, SealedReceipt } from "./receipt.ts";
import { parseReceipt, receiptBroken, receiptBytes } from "./receipt-bytes.ts";
import { nextLink, rootOf, saltedDigest } from "./receipt-chain.ts";
import type { ScorerOf } from "./version-scorers.ts";

/**
 * What no longer holds: the receipt is not what its link has held since the answer; a version is not the one that
 * answered; its version scores the kept row otherwise; the link does not follow from the one before it.
 */
export const REPLAY_FINDINGS = ["RECEIPT_CHANGED", "VERSION_CHANGED", "SCORE_DIFFERS", "CHAIN_BROKEN"] as const;
export type ReplayFinding = (typeof REPLAY_FINDINGS)[number];

/** What came of making a receipt again. */
export interface ReceiptReplay {
  readonly receipt: string;
  /** All of it holds: hash, scores and link. */
  readonly equal: boolean;
  /** Empty when all of it holds. */
  readonly findings: readonly ReplayFinding[];
  /** Salted digests in hex: as the chain has held it, of the receipt as it is kept now, and of the receipt made again. */
  readonly stored: string;
  readonly kept: string;
  readonly recomputed: string;
  readonly scores: readonly {
    readonly model: string;
    readonly version: string;
    /** Whether the version is still the one that answered, by its digest. */
    readonly sameVersion: boolean;
    readonly kept: number;
    /** The probability that the version gives for the kept row. */
    readonly recomputed: number;
  }[];
  readonly chain: {
    readonly name: string;
    readonly number: number;
    readonly place: number;
    /** Whether the link follows from the one before it and holds this receipt. */
    readonly holds: boolean;
  };
}

export interface ReplayNeeds {
  readonly receipts: Pick<ReceiptStore, "open" | "links">;
  readonly scorerOf: ScorerOf;
}

/**
 * Makes a receipt again: each kept row is scored by the version it names, the receipt is written anew with what came out,
 * and its digest is compared with the one that the chain has held since the score was answered.
 *
 * A changed row, score, moment or entity changes the digest; a changed model either breaks its own seal (ARTIFACT_BROKEN) or is
 * another version. Whether the row itself follows from the event log is `portrait check`'s question.
 *
 * @throws PortraitError RECEIPT_UNKNOWN, RECEIPT_BROKEN, ERASED, VERSION_UNKNOWN, ARTIFACT_BROKEN, ARTIFACT_FORMAT, REDIS_AWAY
 */
export async function replayReceipt(id: string, { receipts, scorerOf }: ReplayNeeds): Promise<ReceiptReplay> {
  const sealed = openSealed(await receipts.open(id));
  const { salt, chain, number, place } = sealed;
  const receipt = parseReceipt(sealed.bytes);
  const kept = saltedDigest(salt, sealed.bytes).toString("hex");
  const { digest, holds } = await linkOf(sealed, receipts);
  const stored = digest?.toString("hex") ?? "";
  const again = await Promise.all(receipt.scores.map((record) => scoreAgain(record, scorerOf))).catch((error) => {
    const untrue = stored !== kept && error instanceof PortraitError && !error.retry;
    throw untrue ? receiptBroken("it is not what its chain has held, and names what there is not", error) : error;
  });
  const remade: Receipt = { ...receipt, scores: again.map(({ record }) => record) };
  const recomputed = saltedDigest(salt, receiptBytes(remade)).toString("hex");
  const wrong: Readonly<Record<ReplayFinding, boolean>> = {
    RECEIPT_CHANGED: stored !== kept,
    VERSION_CHANGED: again.some(({ sameVersion }) => !sameVersion),
    SCORE_DIFFERS: kept !== recomputed,
    CHAIN_BROKEN: !holds,
  };
  const findings = REPLAY_FINDINGS.filter((finding) => wrong[finding]);
  return {
    receipt: id,
    equal: findings.length === 0,
    findings,
    stored,
    kept,
    recomputed,
    scores: again.map(({ record, sameVersion }, i) => ({
      model: record.model,
      version: record.version,
      sameVersion,
      kept: receipt.scores[i].probability,
      recomputed: record.probability,
    })),
    chain: { name: chain, number, place, holds },
  };
}

/** @throws RECEIPT_UNKNOWN, ERASED */
export function openSealed(found: SealedReceipt | "erased" | undefined): SealedReceipt {
  if (found === "erased")
    throw new PortraitError("ERASED", "What this receipt said was erased on behalf of the person it was about.");
  if (found === undefined)
    throw new PortraitError("RECEIPT_UNKNOWN", "There is no receipt of this id, or its time to be kept is over.");
  return found;
}

async function scoreAgain(record: ScoreRecord, scorerOf: ScorerOf) {
  const scorer = await scorerOf(record.model, record.version);
  const sameVersion = scorer.digest === record.digest && scorer.columns.length === record.row.length;
  if (!sameVersion) return { sameVersion, record };
  const { margin, probability } = scorer.score(record.row);
  return { sameVersion, record: { ...record, margin, probability } };
}

/** The receipt's digest as its link holds it, and whether the link follows from the one before. */
async function linkOf({ chain, number, place }: SealedReceipt, receipts: Pick<ReceiptStore, "links">) {
  const from = Math.max(0, number - 1);
  for await (const links of receipts.links(chain, from, 2)) {
    const own = links.find((link) => link.number === number);
    const before = number === 0 ? rootOf(chain) : links.find((link) => link.number === number - 1)?.link;
    if (!own || !before) break;
    return { digest: own.digests[place], holds: nextLink(before, number, own.digests).link.equals(own.link) };
  }
  return { digest: undefined, holds: false };
}
