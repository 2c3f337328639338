import type { EntityRef } from "../events/event.ts";
import type { Certificate } from "./certificate.ts";

/** An erasure that somebody asked for, and nobody has done yet. */
export interface ErasureWanted {
  readonly id: string;
  readonly entity: EntityRef;
  /** The key that asked. */
  readonly who: string;
  readonly request?: string;
}

/** How it ended: with a certificate, or with the code of a failure that trying again does not cure. */
export type ErasureEnd = { readonly certificate: Certificate } | { readonly code: string };

export const ERASURE_STATES = ["waiting", "done", "failed"] as const;

/** What may be said of an erasure: nothing of whom it is about. */
export interface ErasureView {
  readonly id: string;
  readonly state: (typeof ERASURE_STATES)[number];
  /** ms since 1970 UTC */
  readonly askedAt: number;
  readonly certificate?: Certificate;
  readonly code?: string;
}

/** Erasures between those who ask (the API, which has no lake) and the worker that does them. */
export interface Erasures {
  /** Durable when it answers. What waits already is not begun twice: the same entity is answered with the same id. */
  ask(wanted: Omit<ErasureWanted, "id">): Promise<ErasureView>;
  /** Kept for 400 days after its end. */
  find(id: string): Promise<ErasureView | undefined>;
}

/** The side of the worker. */
export interface ErasureQueue extends Erasures {
  /** All that waits, and the right to do it until it is released; undefined when nothing waits, or another worker has that right. */
  claim(): Promise<{ readonly waiting: readonly ErasureWanted[]; release(): Promise<void> } | undefined>;
  /** The entity of an erasure is forgotten here with its end. */
  settle(wanted: ErasureWanted, end: ErasureEnd): Promise<void>;
}
