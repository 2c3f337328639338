import { randomFillSync } from "node:crypto";

const REQUEST_ID = /^[\w.-]{1,64}$/;
const BYTES = 16;

/** Drawn for many ids at once: a call into the system costs more than an id. */
const drawn = Buffer.allocUnsafe(BYTES * 256);
let used = drawn.length;

function newRequestId(): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  used += BYTES;
  return drawn.toString("hex", used - BYTES, used);
}

/** The caller's own id of the request when it is a sensible one, else a new one of 32 hexadecimal digits. */
export const requestIdOf = (given: string | readonly string[] | undefined): string =>
  typeof given === "string" && REQUEST_ID.test(given) ? given : newRequestId();
