import { PortraitError } from "../errors.ts";
import { mustBeAllowed } from "./auth.ts";
import type { KeyHolder, KeyStore, Scope } from "./keys.ts";
import type { Limits } from "./limits.ts";
import { rememberKeys } from "./remember-keys.ts";

/**
 * Lets a caller in, or says why not: key, then limit, then scope, so that asking for what one may not is limited too.
 * Undefined where no key is wanted. The only way in for every mount; no round trip.
 *
 * @throws PortraitError KEY_MISSING, KEY_WRONG, RATE_LIMITED, SCOPE_MISSING
 */
export type Admit = (authorization: string | undefined, scope: Scope) => KeyHolder | undefined;

export interface AdmissionNeeds {
  /** Whether anybody may do anything. */
  readonly open: boolean;
  readonly keys: KeyStore;
  /** Absent = nobody is limited. */
  readonly limits?: Limits;
  /** ms since 1970 UTC */
  readonly clock: () => number;
}

export function createAdmission({ open, keys, limits, clock }: AdmissionNeeds): Admit {
  const who = rememberKeys(keys);
  return (authorization, scope) => {
    if (open) return undefined;
    const now = clock();
    const holder = who(authorization, now);
    const waitMs = limits?.take(holder, now) ?? 0;
    if (waitMs > 0) throw tooOften(waitMs);
    mustBeAllowed(holder, scope);
    return holder;
  };
}

function tooOften(waitMs: number): PortraitError {
  const retryAfterS = Math.ceil(waitMs / 1_000);
  return new PortraitError("RATE_LIMITED", `This key asks more often than it may. Try again in ${retryAfterS} s.`, {
    retryAfterS,
  });
}
