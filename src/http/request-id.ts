import { randomUUID } from "node:crypto";

const REQUEST_ID = /^[\w.-]{1,64}$/;

/** The caller's own id of the request when it is a sensible one, else a new one. */
export const requestIdOf = (given: string | readonly string[] | undefined): string =>
  typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
