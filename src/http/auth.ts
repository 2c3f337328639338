import { PortraitError } from "../errors.ts";
import { type KeyHolder, type KeyStore, mayDo, type Scope } from "./keys.ts";

/**
 * Who asks, by `Authorization: Bearer <key>`, or Basic with the key as its user name (as the Segment libraries send
 * their write key).
 *
 * @throws PortraitError KEY_MISSING, KEY_WRONG
 */
export function whoAsks(keys: KeyStore, authorization: string | undefined): KeyHolder {
  const key = keyOf(authorization);
  if (key === undefined) {
    throw new PortraitError(
      "KEY_MISSING",
      "Wanted the header Authorization: Bearer <key>, found none. `portrait keys create` makes a key.",
    );
  }
  const holder = keys.check(key);
  if (!holder) throw new PortraitError("KEY_WRONG", "The key is not known here, was revoked, or has expired.");
  return holder;
}

/** @throws PortraitError SCOPE_MISSING */
export function mustBeAllowed(holder: KeyHolder, scope: Scope): void {
  if (mayDo(holder, scope)) return;
  throw new PortraitError(
    "SCOPE_MISSING",
    `Wanted a key with the scope ${scope}, found one with ${holder.scopes.join(", ") || "none"}.`,
    { wanted: scope },
  );
}

function keyOf(authorization: string | undefined): string | undefined {
  const [, scheme, value] = /^(bearer|basic) +(\S+)\s*$/i.exec(authorization ?? "") ?? [];
  if (scheme === undefined) return undefined;
  if (scheme.toLowerCase() === "bearer") return value;
  const user = Buffer.from(value, "base64").toString().split(":", 1)[0];
  return user === "" ? undefined : user;
}
