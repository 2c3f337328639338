import { whoAsks } from "./auth.ts";
import type { KeyHolder, KeyStore } from "./keys.ts";

/** A revoked or expired key is refused so much later at most. */
const REMEMBER_MS = 1_000;
/** One key can be written in several ways (case, blanks); who plays with that must not fill the memory. */
const REMEMBERED = 1_000;

/**
 * `whoAsks`, remembering for a second whom a header let in: weighing a key is two hashes, some microseconds of a
 * request that takes sixty. Only what was let in is remembered, so that guessing is as slow as ever and fills nothing;
 * the time of a lookup depends on a seeded hash of the whole header and tells nothing of a key.
 */
export function rememberKeys(keys: KeyStore): (authorization: string | undefined, now: number) => KeyHolder {
  const holders = new Map<string, KeyHolder>();
  let forgotAt = 0;
  return (authorization, now) => {
    if (Math.abs(now - forgotAt) >= REMEMBER_MS || holders.size >= REMEMBERED) {
      holders.clear();
      forgotAt = now;
    }
    const known = authorization === undefined ? undefined : holders.get(authorization);
    if (known) return known;
    const holder = whoAsks(keys, authorization);
    if (authorization !== undefined) holders.set(authorization, holder);
    return holder;
  };
}
