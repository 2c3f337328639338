import type { EntityRef, Property } from "../events/event.ts";
import type { Reach } from "../events/reach.ts";
import type { ChainLink } from "./receipt-chain.ts";

/** What one model answered, and from what. */
export interface ScoreRecord {
  readonly model: string;
  readonly version: string;
  /** sha256 of the version's manifest, which holds the digests of its files. */
  readonly digest: string;
  /** The row the model saw, in the order of its columns; NaN = missing. */
  readonly row: Float64Array;
  readonly margin: number;
  readonly probability: number;
}

/** What a score was made from: enough to prove it later. */
export interface Receipt {
  /** Sortable by time, 26 characters. */
  readonly id: string;
  /** The moment the features were read at, ms. */
  readonly at: number;
  /** Absent when the caller gave the features. */
  readonly entity?: EntityRef;
  /** Which events the entity's state held; absent for inline features and for an entity without events. */
  readonly reach?: Reach;
  /** The other entities that the event in flight touches, with what their states held; absent when there are none. */
  readonly others?: readonly { readonly entity: EntityRef; readonly reach?: Reach }[];
  /** The name of the event in flight; absent when there was none. */
  readonly event?: string;
  /** Inline features, or the own fields of the event in flight, as the caller sent them. */
  readonly fields?: Readonly<Record<string, Property>>;
  readonly scores: readonly ScoreRecord[];
}

/** A receipt on its way to the store: instead of fields it may have the JSON text that the caller sent. */
export interface NewReceipt extends Receipt {
  /** ASCII from `from` to `to`; the store reads it before `save` returns. */
  readonly given?: { readonly bytes: Buffer; readonly from: number; readonly to: number };
}

export interface ReceiptStore {
  /** Returns once stored. @throws REDIS_AWAY, REDIS_FULL */
  save(receipt: NewReceipt): Promise<void>;
  load(id: string): Promise<Receipt | undefined>;
  /** The ids of the newest receipts, newest first. */
  latest(count: number): Promise<string[]>;
  /** A receipt as it was stored, with what proves it. "erased" = the person it was about was erased. */
  open(id: string): Promise<SealedReceipt | "erased" | undefined>;
  /** Erases what the receipts say, for ever; their ids and their places in the chain stay. Answers how many there were. */
  erase(ids: readonly string[]): Promise<number>;
  /**
   * All receipts, in no order, page by page. Cost: reads every one.
   *
   * @param onBroken told of those that are damaged, which are left out; without it RECEIPT_BROKEN is thrown
   */
  scan(onBroken?: (id: string) => void): AsyncIterable<readonly Receipt[]>;
  /** The names of the chains that are kept. */
  chains(): Promise<string[]>;
  /** The links of a chain from a number on, in order, page by page; `page` links at most are read at a time. */
  links(chain: string, from?: number, page?: number): AsyncIterable<readonly ChainLink[]>;
}

/** A receipt's bytes and its place in the chain of the process that gave it. */
export interface SealedReceipt {
  /** See receipt-bytes.ts. */
  readonly bytes: Buffer;
  readonly salt: Buffer;
  readonly chain: string;
  /** Of the link, and of the receipt within it. */
  readonly number: number;
  readonly place: number;
}
