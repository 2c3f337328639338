import type { EntityRef } from "../events/event.ts";
import type { AuditEntry } from "./audit-entry.ts";

/** What is said of one act. */
export interface Act {
  readonly step: "asked" | "done" | "failed";
  readonly who: string;
  readonly what: string;
  readonly request?: string;
  readonly about?: Readonly<Record<string, string>>;
  /** Kept as a salted digest. */
  readonly entity?: EntityRef;
  readonly code?: string;
}

export interface AuditFilter {
  readonly limit: number;
  /** Only what is about this one. */
  readonly entity?: EntityRef;
  /** Only what this key asked for. */
  readonly who?: string;
}

export interface AuditLog {
  /** Resolves when it is on disk. @throws PortraitError AUDIT_UNWRITABLE */
  record(act: Act): Promise<void>;
  /** The newest first. */
  newest(filter: AuditFilter): Promise<AuditEntry[]>;
}
