import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { TruthLine } from "./call.ts";

/** What an all-knowing model would answer. NaN where the truth says nothing. */
export interface Oracle {
  /** The probability of an order within 30 days of a moment (ms), read at the UTC midnight before or at it. */
  purchase(user: string, moment: number): number;
  /** The probability that this order ends in a chargeback. */
  fraud(orderId: string): number;
  /** The probability that this loan is repaid. */
  repayment(loanId: string): number;
}

const DAY_MS = 86_400_000;

/** Reads `truth.ndjson` into memory: about 2 kB a person. */
export async function readTruth(file: string): Promise<Oracle> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  return gatherTruth(
    (async function* () {
      for await (const line of lines) if (line) yield JSON.parse(line) as TruthLine;
    })(),
  );
}

/** The same from lines in hand, for a simulation that was never written down. */
export async function gatherTruth(lines: Iterable<TruthLine> | AsyncIterable<TruthLine>): Promise<Oracle> {
  const purchases = new Map<string, { readonly from: number; readonly daily: Float32Array }>();
  const events = { fraud: new Map<string, number>(), repayment: new Map<string, number>() };
  for await (const line of lines) {
    if (line.target === "purchase")
      purchases.set(line.user, { from: Date.parse(line.from), daily: Float32Array.from(line.daily) });
    else if (line.target === "fraud") events.fraud.set(line.order_id, line.probability);
    else events.repayment.set(line.loan_id, line.probability);
  }
  return {
    purchase(user, moment) {
      const known = purchases.get(user);
      return known?.daily[Math.floor((moment - known.from) / DAY_MS)] ?? Number.NaN;
    },
    fraud: (orderId) => events.fraud.get(orderId) ?? Number.NaN,
    repayment: (loanId) => events.repayment.get(loanId) ?? Number.NaN,
  };
}
