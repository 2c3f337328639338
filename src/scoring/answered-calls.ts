import { createHash } from "node:crypto";
import type { EntityRef } from "../events/event.ts";

/** Which receipt answered a call that recorded its event, for as long as callers send again what they got no answer to. */
export interface AnsweredCalls {
  /** @throws REDIS_AWAY */
  find(call: string): Promise<string | undefined>;
  /** The first one stands. @throws REDIS_AWAY, REDIS_FULL */
  keep(call: string, receipt: string): Promise<void>;
}

/** The name of a call: a digest, so that nobody is named by it. */
export const callName = ({ kind, id }: EntityRef, messageId: string): string =>
  createHash("sha256")
    .update(JSON.stringify([kind, id, messageId]))
    .digest("base64url");
