import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certificate, certificateText, parseCertificate } from "../../erasure/certificate.ts";
import { syncFolder } from "../lake/lake-writer.ts";

/** Certificates of erasures, in a folder beside the lines of the audit. */
const folderOf = (audit: string) => join(audit, "certificates");

export const certificatePath = (audit: string, id: string): string => join(folderOf(audit), `${id}.json`);

/** On disk when it returns. */
export function keepCertificate(audit: string, certificate: Certificate): string {
  mkdirSync(folderOf(audit), { recursive: true, mode: 0o700 });
  const path = certificatePath(audit, certificate.id);
  writeFileSync(`${path}.tmp`, certificateText(certificate), { mode: 0o600, flush: true });
  renameSync(`${path}.tmp`, path);
  syncFolder(folderOf(audit));
  return path;
}

/** @throws PortraitError FILE_UNREADABLE */
export function findCertificate(audit: string, id: string): Certificate | undefined {
  const path = certificatePath(audit, id);
  return existsSync(path) ? parseCertificate(readFileSync(path, "utf8")) : undefined;
}
