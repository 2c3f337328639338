import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import { type KeyHolder, type KeyStore, SCOPES, type Scope, withAdminKey } from "../../http/keys.ts";
import type { Limit } from "../../http/limits.ts";
import { withFileLock } from "./file-lock.ts";

const FORMAT = 1;

const Kept = z.object({
  /** The part of the key that may be shown. */
  prefix: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  /** HMAC-SHA-256 of the whole key under `pepper`, hex. */
  hmac: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.string(),
  /** From this moment on it is refused. */
  expiresAt: z.string().optional(),
  revokedAt: z.string().optional(),
  /** The prefix of the key in whose place this one was made. */
  replaces: z.string().optional(),
  limit: z.object({ perSecond: z.number().positive(), burst: z.number().min(1) }).optional(),
});

type Kept = z.infer<typeof Kept>;

const KeyFile = z.object({
  format: z.literal(FORMAT),
  pepper: z.string().regex(/^[0-9a-f]{64}$/),
  keys: z.array(Kept),
});
type KeyFile = z.infer<typeof KeyFile>;

/** What may be shown of a key. */
export type KeyFace = Omit<z.infer<typeof Kept>, "hmac"> & {
  /** The UTC day on which it was let in last. */
  readonly usedOn?: string;
};

export interface KeyTerms {
  /** ms since 1970 UTC; absent = never */
  readonly expiresAt?: number;
  readonly limit?: Limit;
}

export interface MadeKey {
  readonly key: string;
  readonly face: KeyFace;
}

export interface DiskKeys extends KeyStore {
  /** Makes a key. Its text is answered here and kept nowhere. */
  create(name: string, scopes: readonly Scope[], terms?: KeyTerms): MadeKey;
  /**
   * Makes a key beside another, of the same name, scopes and limit; the old one goes on until `oldUntil` (ms).
   *
   * @param expiresAt of the new key, ms; absent = never
   * @returns undefined when no key has this prefix
   * @throws PortraitError KEY_WRONG when the old one was revoked or has expired: there is nothing left to hand over
   */
  rotate(prefix: string, oldUntil: number, expiresAt?: number): (MadeKey & { readonly old: KeyFace }) | undefined;
  /** Oldest first, revoked ones too. */
  list(): KeyFace[];
  /** Undefined when no key has this prefix. A key that was revoked before stays as it was. */
  revoke(prefix: string): KeyFace | undefined;
}

/** `ptr_<8 letters or digits>_<256 random bits>` */
const KEY = /^ptr_([a-z0-9]{8})_[A-Za-z0-9_-]{43}$/;
/** `<folder>/keys-used/<prefix>` holds a day: a file a key, so that processes never write over each other's. */
const usedPath = (path: string, prefix: string) => join(dirname(path), "keys-used", prefix);
/** A change by another process, such as `portrait keys revoke`, is seen after this time at the latest. */
const LOOK_EVERY_MS = 1_000;

/**
 * Keys in one file of mode 600: their HMACs, never the keys. The file is written whole or not at all, by one process at
 * a time, and read again when another has changed it.
 *
 * @param options.admin a key of the environment that may do everything, beside those of the file
 * @throws PortraitError CONFIG_INVALID when the file is damaged; a file that is not there yet is an empty store
 */
export function createDiskKeys(
  path: string,
  options: { readonly admin?: string; readonly clock?: () => number } = {},
): DiskKeys {
  const { clock = Date.now } = options;
  // the stamp first: one taken after the reading could be that of a change which was not read
  let stamp = stampOf(path);
  let file = readKeyFile(path);
  let lookedAt = clock();
  let index = indexOf(file);

  function lookAgain(patience = 0): void {
    const now = clock();
    if (Math.abs(now - lookedAt) < patience) return;
    lookedAt = now;
    if (stampOf(path) !== stamp) readAgain();
  }

  function readAgain(): void {
    const found = stampOf(path);
    file = readKeyFile(path);
    stamp = found;
    index = indexOf(file);
  }

  /** Reads what others have written, and writes what `change` makes of it. */
  function change<Answer>(make: () => { readonly keys: KeyFile["keys"]; readonly answer: Answer }): Answer {
    return withFileLock(path, () => {
      readAgain(); // whatever the stamp says: what is not read now is lost
      const { keys, answer } = make();
      if (keys === file.keys) return answer;
      const next = { ...file, keys };
      writeWhole(path, JSON.stringify(next, null, 2));
      file = next;
      stamp = stampOf(path);
      index = indexOf(file);
      return answer;
    });
  }

  function makeKey(name: string, scopes: readonly Scope[], terms: KeyTerms, replaces?: string) {
    const prefix = randomPrefix(index.byPrefix);
    const key = `ptr_${prefix}_${randomBytes(32).toString("base64url")}`;
    const kept: Kept = {
      prefix,
      name,
      scopes: [...scopes],
      hmac: hmacOf(index.pepper, key).toString("hex"),
      createdAt: new Date(clock()).toISOString(),
      ...(terms.expiresAt !== undefined && { expiresAt: new Date(terms.expiresAt).toISOString() }),
      ...(replaces !== undefined && { replaces }),
      ...(terms.limit && { limit: terms.limit }),
    };
    return { key, kept };
  }

  const usedOn = new Map<string, string>();
  /** Once a day and key. A disk that cannot be written costs the note, not the request. */
  function noteUse(prefix: string): void {
    const day = new Date(clock()).toISOString().slice(0, 10);
    if (usedOn.get(prefix) === day) return;
    usedOn.set(prefix, day);
    try {
      mkdirSync(dirname(usedPath(path, prefix)), { recursive: true });
      writeFileSync(usedPath(path, prefix), day);
    } catch {}
  }

  const store: KeyStore = {
    check(key) {
      try {
        lookAgain(LOOK_EVERY_MS);
      } catch {
        // a file that was damaged meanwhile leaves the keys as they were; `portrait keys list` says what is wrong
      }
      const prefix = KEY.exec(key)?.[1];
      const known = prefix === undefined ? undefined : index.byPrefix.get(prefix);
      // a stranger's key is weighed like a known one, so that the time it takes tells nothing
      const same = timingSafeEqual(hmacOf(index.pepper, key), known?.hmac ?? NOBODY);
      if (!known || !same || known.kept.revokedAt !== undefined || clock() >= known.expiresAt) return undefined;
      noteUse(known.kept.prefix);
      return known.holder;
    },
  };

  const shown = (kept: Kept): KeyFace => {
    const { hmac: _, ...face } = kept;
    const used = dayIn(usedPath(path, kept.prefix));
    return { ...face, ...(used !== undefined && { usedOn: used }) };
  };

  return {
    check: withAdminKey(store, options.admin).check,
    create: (name, scopes, terms = {}) =>
      change(() => {
        const { key, kept } = makeKey(name, scopes, terms);
        return { keys: [...file.keys, kept], answer: { key, face: shown(kept) } };
      }),
    rotate: (prefix, oldUntil, expiresAt) =>
      change(() => {
        const known = index.byPrefix.get(prefix);
        if (!known) return { keys: file.keys, answer: undefined };
        if (known.kept.revokedAt !== undefined || clock() >= known.expiresAt) {
          throw new PortraitError(
            "KEY_WRONG",
            `Wanted a key that still works, found ${prefix}, which was revoked or has expired. Make a new one: portrait keys create.`,
          );
        }
        const { name, scopes, limit } = known.kept;
        const terms = { ...(expiresAt !== undefined && { expiresAt }), ...(limit && { limit }) };
        const { key, kept } = makeKey(name, scopes, terms, prefix);
        const old = { ...known.kept, expiresAt: new Date(Math.min(known.expiresAt, oldUntil)).toISOString() };
        return {
          keys: [...file.keys.map((one) => (one === known.kept ? old : one)), kept],
          answer: { key, face: shown(kept), old: shown(old) },
        };
      }),
    list() {
      lookAgain();
      return file.keys.map(shown);
    },
    revoke: (prefix) =>
      change(() => {
        const kept = index.byPrefix.get(prefix)?.kept;
        if (!kept || kept.revokedAt !== undefined) return { keys: file.keys, answer: kept && shown(kept) };
        const revoked = { ...kept, revokedAt: new Date(clock()).toISOString() };
        return { keys: file.keys.map((one) => (one === kept ? revoked : one)), answer: shown(revoked) };
      }),
  };
}

const NOBODY = Buffer.alloc(32);

const hmacOf = (pepper: KeyObject, key: string) => createHmac("sha256", pepper).update(key).digest();

/** The file as each check needs it: bytes instead of texts. */
const indexOf = ({ pepper, keys }: KeyFile) => ({
  pepper: createSecretKey(pepper, "hex"),
  byPrefix: new Map(
    keys.map((kept) => {
      const { prefix: id, name, scopes, limit, hmac, expiresAt } = kept;
      const holder: KeyHolder = Object.freeze({ id, name, scopes, ...(limit && { limit: Object.freeze(limit) }) });
      const ends = expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);
      return [id, { kept, holder, hmac: Buffer.from(hmac, "hex"), expiresAt: ends }];
    }),
  ),
});

/** The day in a file; undefined when there is none. */
function dayIn(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function randomPrefix(taken: ReadonlyMap<string, unknown>): string {
  for (;;) {
    const prefix = randomBytes(4).toString("hex");
    if (!taken.has(prefix)) return prefix;
  }
}

/** Changes whenever the file does; undefined when there is none. */
function stampOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}

function readKeyFile(path: string): KeyFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return { format: FORMAT, pepper: randomBytes(32).toString("hex"), keys: [] };
    }
    throw error;
  }
  try {
    return KeyFile.parse(JSON.parse(text));
  } catch {
    throw new PortraitError(
      "CONFIG_INVALID",
      `Wanted the keys in ${path}, found a file that does not hold together. Restore it, or move it away and make new keys.`,
      { path },
    );
  }
}

function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}.tmp`;
  const handle = openSync(fresh, "w", 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  chmodSync(fresh, 0o600); // an old temporary file may have had another mode
  renameSync(fresh, path);
}
