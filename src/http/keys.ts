import { createHash, timingSafeEqual } from "node:crypto";
import type { Limit } from "./limits.ts";

/**
 * What a key may do. `admin` may do everything, and alone may promote and roll back.
 *
 * - `score`: ask for scores and receipts
 * - `read`: look at portraits, segments, models and jobs
 * - `track`: send events and outcomes
 * - `train`: ask for retraining and cancel it
 * - `privacy`: have all that is known of a person handed out, or erased
 */
export const SCOPES = ["score", "read", "track", "train", "privacy", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who holds a key: its name and what it may do. Never the key. */
export interface KeyHolder {
  /** The part of the key that may be shown; what limits and the audit know it by. */
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Absent = the limit of all keys without one of their own. */
  readonly limit?: Limit;
}

/** Where keys are known. Only their HMACs are kept. */
export interface KeyStore {
  /** The holder of the key, or undefined when it is not known. In memory, so no request waits for it. */
  check(key: string): KeyHolder | undefined;
}

export const mayDo = (holder: KeyHolder, scope: Scope): boolean =>
  holder.scopes.includes("admin") || holder.scopes.includes(scope);

/** The store, and beside it one key of the environment that may do everything. */
export function withAdminKey(store: KeyStore, adminKey: string | undefined): KeyStore {
  if (adminKey === undefined) return store;
  const digest = (key: string) => createHash("sha256").update(key).digest();
  const wanted = digest(adminKey);
  const admin: KeyHolder = Object.freeze({ id: "environment", name: "environment", scopes: ["admin"] as const });
  return { check: (key) => (timingSafeEqual(digest(key), wanted) ? admin : store.check(key)) };
}
