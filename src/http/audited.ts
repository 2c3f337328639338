import type { Act, AuditLog } from "../audit/audit-log.ts";
import { PortraitError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Call, Reply, Route } from "./route.ts";

type Handle = NonNullable<Route["handle"]>;

/**
 * A route's handler as it is called: what it declares to the audit is on disk before it begins, and of a change also how
 * it ended. A change that was made and whose end could not be written down is made all the same: the log says so.
 */
export function audited(route: Route, handle: Handle, audit: AuditLog, log: Log): Handle {
  const { audit: declared } = route;
  if (!declared) return handle;
  return async (call: Call<never, never, never>): Promise<Reply> => {
    const act = actOf(route, call);
    await audit.record({ ...act, step: "asked" });
    if (declared.kind === "look") return handle(call);
    const ended = (end: Pick<Act, "step" | "code">) =>
      audit.record({ ...act, ...end }).catch((error: unknown) => {
        if (!(error instanceof PortraitError)) throw error;
        log.error({ code: error.code, route: route.path, requestId: call.requestId }, "an end is missing in the audit");
      });
    try {
      const reply = await handle(call);
      await ended({ step: "done" });
      return reply;
    } catch (error) {
      await ended({ step: "failed", code: error instanceof PortraitError ? error.code : "INTERNAL" });
      throw error;
    }
  };
}

function actOf({ audit, method, path }: Route, call: Call<never, never, never>): Omit<Act, "step"> {
  const { entity, ...about } = audit?.about?.(call) ?? {};
  const facts = Object.entries(about).filter((fact): fact is [string, string] => typeof fact[1] === "string");
  return {
    who: call.holder?.id ?? "anybody",
    what: `${method.toUpperCase()} ${path}`,
    request: call.requestId,
    ...(facts.length > 0 && { about: Object.fromEntries(facts) }),
    ...(entity && { entity }),
  };
}
