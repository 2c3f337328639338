import { z } from "zod";
import { AuditEntry } from "../../audit/audit-entry.ts";
import type { AuditLog } from "../../audit/audit-log.ts";
import { json, type Route, route } from "../route.ts";
import { EntityId, Kind } from "../schemas.ts";

export function auditRoutes({ audit }: { readonly audit: AuditLog }): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/audit",
      scope: "admin",
      group: "Operations",
      summary: "Who asked for and changed what, the newest first",
      query: z
        .strictObject({
          limit: z.coerce.number().int().min(1).max(1_000).default(100),
          who: z
            .string()
            .min(1)
            .max(64)
            .optional()
            .meta({ description: "Only what this key asked for: its 8 characters" }),
          kind: Kind.optional().meta({ description: "With id: only what is about this one" }),
          id: EntityId.optional(),
        })
        .refine(({ kind, id }) => (kind === undefined) === (id === undefined), "wanted kind and id together"),
      answers: {
        200: {
          about: "The lines of the audit; persons stand in it as salted digests",
          schema: z.object({ entries: z.array(AuditEntry) }),
        },
      },
      errors: ["AUDIT_UNWRITABLE"],
      audit: { kind: "look", about: ({ query: { kind, id } }) => (kind && id ? { entity: { kind, id } } : {}) },
      async handle({ query: { limit, who, kind, id } }) {
        const entity = kind !== undefined && id !== undefined ? { kind, id } : undefined;
        const entries = await audit.newest({ limit, ...(who !== undefined && { who }), ...(entity && { entity }) });
        return json({ entries });
      },
    }),
  ];
}
