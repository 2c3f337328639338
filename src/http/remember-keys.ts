import { authenticate } from "./auth.ts";
import type { KeyHolder, KeyStore, Scope } from "./keys.ts";

/** A revoked key is refused so much later at most. */
const REMEMBER_MS = 1_000;
/** One key can be written in several ways (case, blanks); who plays with that must not fill the memory. */
const REMEMBERED = 1_000;

/**
 * `authenticate`, remembering for a second whom a header let in: weighing a key is two hashes, some microseconds of a
 * request that takes sixty. Only what was let in is remembered, so that guessing is as slow as ever and fills nothing;
 * the time of a lookup depends on a seeded hash of the whole header and tells nothing of a key.
 */
export function rememberKeys(
  keys: KeyStore,
  scope: Scope,
  clock: () => number,
): (authorization: string | undefined) => KeyHolder {
  const holders = new Map<string, KeyHolder>();
  let forgotAt = clock();
  return (authorization) => {
    const now = clock();
    if (Math.abs(now - forgotAt) >= REMEMBER_MS || holders.size >= REMEMBERED) {
      holders.clear();
      forgotAt = now;
    }
    const known = authorization === undefined ? undefined : holders.get(authorization);
    if (known) return known;
    const holder = authenticate(keys, authorization, scope);
    if (authorization !== undefined) holders.set(authorization, holder);
    return holder;
  };
}
