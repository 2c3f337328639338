/**
 * The guards of the protocol by name. Taking one out is for `npm run soak` alone, which shows that it then fails.
 *
 * - `fence`: a commit is refused when another worker has moved the cursor
 * - `one-script`: states and cursor are written together
 * - `verdicts`: duplicates are remembered until their part is in the lake
 * - `forward-first`: second entities get their events before the first one's are committed
 * - `high-water`: a forward that came before is dropped
 * - `claim`: a part is never written over another (an owner that froze before it finds its place taken)
 * - `follow`: a part is claimed only where the lake still ends (compaction frees the names of parts)
 * - `predecessor`: a part names the one before it (one that is missing is missed)
 * - `one-flush`: one flush at a time (what it has taken is looked through for redeliveries until it is in the lake)
 * - `known-ids`: a redelivered event is recognised
 */
export const GUARDS = [
  "fence",
  "one-script",
  "verdicts",
  "forward-first",
  "high-water",
  "claim",
  "follow",
  "predecessor",
  "one-flush",
  "known-ids",
] as const;
export type Guard = (typeof GUARDS)[number];

/** The narrow places of the protocol, where tests end a worker. */
export const FAULT_POINTS = [
  "before-forward",
  "before-commit",
  "after-commit",
  "before-claim",
  "after-claim",
  "before-trim",
  "before-hand-over",
] as const;
/** Those that only an erasure passes. */
export const ERASURE_POINTS = ["before-erasure", "before-erasure-commit", "after-erasure-commit"] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number] | (typeof ERASURE_POINTS)[number];
