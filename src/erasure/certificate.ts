import { createHash } from "node:crypto";
import { z } from "zod";
import { PortraitError } from "../errors.ts";

const Count = z.int().min(0);

/** What went, counted by place. */
export const Gone = z.object({
  states: Count.meta({ description: "States in Redis" }),
  rows: Count.meta({ description: "Events that went from the lake whole" }),
  nobodys: Count.meta({ description: "Events that stay for others whom they touched, and happened to nobody now" }),
  redacted: Count.meta({ description: "Events of others that named the entity, and do so no more" }),
  parts: Count.meta({ description: "Parts of the lake that were written again" }),
  scores: Count.meta({ description: "Scores kept of the entity from whole populations" }),
  receipts: Count,
  quarantined: Count,
  tables: Count.meta({ description: "Tables under var, made from the log, that were written again" }),
  tableRows: Count,
});
export type Gone = z.infer<typeof Gone>;

/**
 * What an erasure leaves behind: that it was done, when, by whom, and what went. It names nobody: who knows the person
 * and the salt of the audit can tell that it is about him (`portrait erase user:u1 --verify <file>`).
 */
export const Certificate = z.strictObject({
  format: z.literal(1),
  id: z.string(),
  at: z.iso.datetime(),
  /** The kind of the entity; its id stands nowhere. */
  kind: z.string(),
  /** Digest of the entity under the salt of the audit. */
  subject: z.string(),
  /** The id of the key that asked, or `cli:<user number>`. */
  by: z.string(),
  gone: Gone,
  /** Of each partition of the log, how far it was erased: `partition/position`, separated by blanks. */
  until: z.string(),
  /** An earlier erasure of the same entity had not come to its end: what that one took away is not counted here. */
  resumed: z.boolean(),
  /** What stays, and why. */
  remains: z.array(z.object({ place: z.string(), why: z.string() })),
  /** sha256 over all of the above as it stands, in hex; the audit holds it too. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Certificate = z.infer<typeof Certificate>;

const digestOf = (facts: Omit<Certificate, "digest">): string =>
  createHash("sha256").update(JSON.stringify(facts)).digest("hex");

const Facts = Certificate.omit({ digest: true });

export function sealCertificate(given: Omit<Certificate, "digest">): Certificate {
  const facts = Facts.parse(given); // in the order of the schema, in which it is read again
  return { ...facts, digest: digestOf(facts) };
}

export const certificateText = (certificate: Certificate): string => `${JSON.stringify(certificate, null, 2)}\n`;

/** @throws PortraitError FILE_UNREADABLE when it is no certificate, or one that was changed */
export function parseCertificate(text: string): Certificate {
  const bad = (found: string) =>
    new PortraitError("FILE_UNREADABLE", `Wanted a certificate of an erasure, found ${found}. Take it from var/audit.`);
  let certificate: Certificate;
  try {
    certificate = Certificate.parse(JSON.parse(text));
  } catch {
    throw bad("something else");
  }
  const { digest, ...facts } = certificate;
  // compared as it was written, so that the order of its facts counts too
  if (digest !== digestOf(facts) || certificateText(certificate) !== text) throw bad("one that was changed");
  return certificate;
}
