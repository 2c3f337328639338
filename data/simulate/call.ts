/** A call of the Segment HTTP API, as an app would send it. */
export type Call =
  | {
      readonly type: "identify";
      readonly messageId: string;
      readonly userId: string;
      readonly timestamp: string;
      readonly traits: Readonly<Record<string, string | number>>;
    }
  | {
      readonly type: "track";
      readonly messageId: string;
      readonly userId: string;
      readonly timestamp: string;
      readonly event: string;
      readonly properties: Readonly<Record<string, string | number>>;
    };

/**
 * What was really so, one JSON object a line of `truth.ndjson`. No event carries any of it.
 *
 * - purchase: `daily[i]` is the probability of an order within `days` from the UTC midnight `i` days after `from`.
 * - fraud: the probability that this order ends in a chargeback.
 * - repayment: the probability that this loan is repaid.
 */
export type TruthLine =
  | {
      readonly target: "purchase";
      readonly user: string;
      readonly days: number;
      readonly from: string;
      readonly daily: readonly number[];
    }
  | { readonly target: "fraud"; readonly user: string; readonly order_id: string; readonly probability: number }
  | { readonly target: "repayment"; readonly user: string; readonly loan_id: string; readonly probability: number };
