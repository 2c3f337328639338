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
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import { type KeyHolder, type KeyStore, SCOPES, type Scope, withAdminKey } from "../../http/keys.ts";

const FORMAT = 1;

const Kept = z.object({
  /** The part of the key that may be shown. */
  prefix: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  /** HMAC-SHA-256 of the whole key under `pepper`, hex. */
  hmac: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.string(),
  revokedAt: z.string().optional(),
});

const KeyFile = z.object({
  format: z.literal(FORMAT),
  pepper: z.string().regex(/^[0-9a-f]{64}$/),
  keys: z.array(Kept),
});
type KeyFile = z.infer<typeof KeyFile>;

/** What may be shown of a key. */
export type KeyFace = Omit<z.infer<typeof Kept>, "hmac">;

export interface DiskKeys extends KeyStore {
  /** Makes a key. Its text is answered here and kept nowhere. */
  create(name: string, scopes: readonly Scope[]): { readonly key: string; readonly face: KeyFace };
  /** Oldest first, revoked ones too. */
  list(): KeyFace[];
  /** Undefined when no key has this prefix. A key that was revoked before stays as it was. */
  revoke(prefix: string): KeyFace | undefined;
}

/** `ptr_<8 letters or digits>_<256 random bits>` */
const KEY = /^ptr_([a-z0-9]{8})_[A-Za-z0-9_-]{43}$/;
/** A change by another process, such as `portrait keys revoke`, is seen after this time at the latest. */
const LOOK_EVERY_MS = 1_000;

/**
 * Keys in one file of mode 600: their HMACs, never the keys. The file is written whole or not at all, and read again
 * when another process has changed it.
 *
 * @param options.admin a key of the environment that may do everything, beside those of the file
 * @throws PortraitError CONFIG_INVALID when the file is damaged; a file that is not there yet is an empty store
 */
export function createDiskKeys(
  path: string,
  options: { readonly admin?: string; readonly clock?: () => number } = {},
): DiskKeys {
  const { clock = Date.now } = options;
  let file = readKeyFile(path);
  let stamp = stampOf(path);
  let lookedAt = clock();
  let index = indexOf(file);

  function lookAgain(patience = 0): void {
    const now = clock();
    if (Math.abs(now - lookedAt) < patience) return;
    lookedAt = now;
    const found = stampOf(path);
    if (found === stamp) return;
    file = readKeyFile(path);
    stamp = found;
    index = indexOf(file);
  }

  function write(next: KeyFile): void {
    writeWhole(path, JSON.stringify(next, null, 2));
    file = next;
    stamp = stampOf(path);
    index = indexOf(file);
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
      return known && same && known.kept.revokedAt === undefined ? known.holder : undefined;
    },
  };

  return {
    check: withAdminKey(store, options.admin).check,
    create(name, scopes) {
      lookAgain();
      const prefix = randomPrefix(index.byPrefix);
      const key = `ptr_${prefix}_${randomBytes(32).toString("base64url")}`;
      const kept = {
        prefix,
        name,
        scopes: [...scopes],
        hmac: hmacOf(index.pepper, key).toString("hex"),
        createdAt: new Date(clock()).toISOString(),
      };
      write({ ...file, keys: [...file.keys, kept] });
      return { key, face: faceOf(kept) };
    },
    list() {
      lookAgain();
      return file.keys.map(faceOf);
    },
    revoke(prefix) {
      lookAgain();
      const kept = index.byPrefix.get(prefix)?.kept;
      if (!kept || kept.revokedAt !== undefined) return kept && faceOf(kept);
      const revoked = { ...kept, revokedAt: new Date(clock()).toISOString() };
      write({ ...file, keys: file.keys.map((one) => (one === kept ? revoked : one)) });
      return faceOf(revoked);
    },
  };
}

const NOBODY = Buffer.alloc(32);

const hmacOf = (pepper: KeyObject, key: string) => createHmac("sha256", pepper).update(key).digest();

/** The file as each check needs it: bytes instead of texts. */
const indexOf = ({ pepper, keys }: KeyFile) => ({
  pepper: createSecretKey(pepper, "hex"),
  byPrefix: new Map(
    keys.map((kept) => {
      const holder: KeyHolder = Object.freeze({ name: kept.name, scopes: kept.scopes });
      return [kept.prefix, { kept, holder, hmac: Buffer.from(kept.hmac, "hex") }];
    }),
  ),
});
const faceOf = ({ hmac: _, ...face }: z.infer<typeof Kept>): KeyFace => face;

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
