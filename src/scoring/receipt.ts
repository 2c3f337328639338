import type { EntityRef, Property } from "../events/event.ts";
import type { Reach } from "../events/reach.ts";

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
  /** Inline features, or the own fields of the event in flight, as the caller sent them. */
  readonly fields?: Readonly<Record<string, Property>>;
  readonly scores: readonly ScoreRecord[];
}

export interface ReceiptStore {
  /** Returns once stored. @throws REDIS_AWAY, REDIS_FULL */
  save(receipt: Receipt): Promise<void>;
  load(id: string): Promise<Receipt | undefined>;
  /** The ids of the newest receipts, newest first. */
  latest(count: number): Promise<string[]>;
}
