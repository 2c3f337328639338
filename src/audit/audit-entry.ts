import { createHash } from "node:crypto";
import { z } from "zod";

/**
 * One line of the audit. `asked` stands there before anything is done; a change also has how it ended, `done` or
 * `failed`. `opened` begins a chain and holds the heads of those that were there.
 */
export const AUDIT_STEPS = ["opened", "asked", "done", "failed"] as const;

const Digest = z.string().regex(/^[0-9a-f]{64}$/);

export const AuditEntry = z.strictObject({
  /** Its place in the chain, from 0. */
  n: z.int().min(0),
  at: z.iso.datetime(),
  step: z.enum(AUDIT_STEPS),
  /** The id of the key, `cli:<user number>`, or `anybody` where no key is wanted. */
  who: z.string(),
  /** The route as it is declared, or the command. */
  what: z.string(),
  request: z.string().optional(),
  /** Names of models, versions, jobs, keys: nothing about a person. */
  about: z.record(z.string(), z.string()).optional(),
  /** Salted digest of the person or company that it is about. */
  subject: z.string().optional(),
  /** How it ended: the code of a failure. */
  code: z.string().optional(),
  /** Chain → place and digest of its last line. */
  heads: z.record(z.string(), z.strictObject({ n: z.int(), digest: Digest })).optional(),
  before: Digest,
  digest: Digest,
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** Stands before the first line of a chain. */
export const NOTHING_BEFORE = "0".repeat(64);

/** A line of the chain, with the digest of all that stands before it in the line. */
export function sealEntry(entry: Omit<AuditEntry, "digest">): AuditEntry {
  return { ...entry, digest: digestOf(entry) };
}

const digestOf = (entry: Omit<AuditEntry, "digest">) =>
  createHash("sha256").update(JSON.stringify(entry)).digest("hex");

/** Why a line does not continue a chain whose last line is `last`; undefined when it does. */
export function objectionTo(line: string, last: Pick<AuditEntry, "n" | "digest"> | undefined): string | undefined {
  const entry = parseEntry(line);
  if (!entry) return "is no line of an audit";
  const { digest, ...rest } = entry;
  // the very bytes are compared: whoever writes the same facts otherwise has changed the file
  if (digest !== digestOf(rest) || JSON.stringify(entry) !== line) return "was changed";
  if (entry.n !== (last ? last.n + 1 : 0)) return `stands in the place of line ${last ? last.n + 1 : 0}`;
  if (entry.before !== (last?.digest ?? NOTHING_BEFORE)) return "does not follow the line before it";
  return undefined;
}

/** @returns undefined for what is no entry */
export function parseEntry(line: string): AuditEntry | undefined {
  try {
    return JSON.parse(line) as AuditEntry;
  } catch {
    return undefined;
  }
}
