import type { EntityRef } from "../events/event.ts";
import type { Reach } from "../events/reach.ts";

/** What the store keeps of one entity: its encoded state, and which events are in it. */
export interface StoredState {
  readonly reach: Reach;
  readonly bytes: Uint8Array;
}

/** States as the ingest worker left them. The API reads; only the worker writes. */
export interface StateStore {
  /** One answer for each entity, in order; undefined where nothing is known. One round trip. @throws REDIS_AWAY */
  read(entities: readonly EntityRef[]): Promise<(StoredState | undefined)[]>;
  /** Every entity of a kind, page by page, in no order. */
  scan(kind: string): AsyncIterable<readonly (StoredState & { readonly entity: EntityRef })[]>;
}
