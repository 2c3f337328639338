import { createHash } from "node:crypto";
import { type AuditEntry, NOTHING_BEFORE, sealEntry } from "../../audit/audit-entry.ts";
import type { AuditLog } from "../../audit/audit-log.ts";
import { type EntityRef, entityKey } from "../../events/event.ts";

/** The twin of `disk/audit.ts`: one chain, gone with the process. */
export function createMemoryAudit(clock: () => number): AuditLog & { readonly entries: readonly AuditEntry[] } {
  const entries: AuditEntry[] = [];
  const subjectOf = (entity: EntityRef) => createHash("sha256").update(entityKey(entity)).digest("hex").slice(0, 32);
  return {
    entries,
    async record({ entity, ...act }) {
      const last = entries.at(-1);
      entries.push(
        sealEntry({
          n: last ? last.n + 1 : 0,
          at: new Date(clock()).toISOString(),
          ...act,
          ...(entity && { subject: subjectOf(entity) }),
          before: last?.digest ?? NOTHING_BEFORE,
        }),
      );
    },
    newest: ({ limit, entity, who }) =>
      Promise.resolve(
        entries
          .filter((entry) => entity === undefined || entry.subject === subjectOf(entity))
          .filter((entry) => who === undefined || entry.who === who)
          .reverse()
          .slice(0, limit),
      ),
  };
}
