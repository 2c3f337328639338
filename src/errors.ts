/** Every failure a caller can act on. The name is the contract; the message is for people. */
export const CODES = {
  // the request
  INPUT_INVALID: { status: 400, retry: false, title: "The request does not fit" },
  BODY_NOT_JSON: { status: 400, retry: false, title: "The body is not JSON" },
  BODY_TOO_LARGE: { status: 413, retry: false, title: "The body is too large" },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, retry: false, title: "The body is of a type that is not read here" },
  REQUEST_BROKEN: { status: 400, retry: false, title: "The request is not HTTP" },
  REQUEST_TIMEOUT: { status: 408, retry: false, title: "The request did not arrive in time" },
  HEADERS_TOO_LARGE: { status: 431, retry: false, title: "The headers are too large" },
  ROUTE_UNKNOWN: { status: 404, retry: false, title: "There is nothing at this address" },
  METHOD_NOT_ALLOWED: { status: 405, retry: false, title: "This address does not take this method" },
  KEY_MISSING: { status: 401, retry: false, title: "A key is wanted" },
  KEY_WRONG: { status: 401, retry: false, title: "The key is not known" },
  SCOPE_MISSING: { status: 403, retry: false, title: "The key may not do this" },
  RATE_LIMITED: { status: 429, retry: true, title: "The key asks too often" },
  AUDIT_UNWRITABLE: { status: 503, retry: true, title: "What is asked for cannot be written down" },
  // what is asked for
  ENTITY_UNKNOWN: { status: 404, retry: false, title: "Nothing is known of this entity" },
  MODEL_UNKNOWN: { status: 404, retry: false, title: "There is no such model" },
  VERSION_UNKNOWN: { status: 404, retry: false, title: "There is no such version" },
  RECIPE_UNKNOWN: { status: 404, retry: false, title: "There is no such recipe" },
  RECEIPT_UNKNOWN: { status: 404, retry: false, title: "There is no such receipt" },
  ERASED: { status: 410, retry: false, title: "What was here was erased on behalf of a person" },
  ERASURE_UNKNOWN: { status: 404, retry: false, title: "There is no such erasure" },
  QUARANTINE_UNKNOWN: { status: 404, retry: false, title: "Nothing in quarantine has this id" },
  JOB_UNKNOWN: { status: 404, retry: false, title: "There is no such job" },
  SEGMENTS_NOT_READY: { status: 503, retry: true, title: "No segments have been made yet" },
  MODEL_NOT_READY: { status: 503, retry: true, title: "The model has no champion yet" },
  MODEL_INPUT_MISMATCH: { status: 422, retry: false, title: "The row does not have the model's columns" },
  JOB_CANCELLED: { status: 409, retry: false, title: "The job was cancelled" },
  // the neighbours
  REDIS_AWAY: { status: 503, retry: true, title: "Redis does not answer" },
  WORKER_AWAY: { status: 503, retry: true, title: "Nobody applies the log" },
  REDIS_FULL: { status: 503, retry: true, title: "Redis has no room left" },
  TOO_LATE: { status: 504, retry: true, title: "The answer was not there in time" },
  TOO_BUSY: { status: 429, retry: true, title: "Too much is under way" },
  STATE_FROM_OTHER_CATALOGUE: { status: 503, retry: false, title: "States were written by another catalogue" },
  LOG_BROKEN: { status: 500, retry: false, title: "The event log does not hold together" },
  LAKE_BROKEN: { status: 500, retry: false, title: "The lake does not hold together" },
  // files, tables and training
  FILE_UNREADABLE: { status: 422, retry: false, title: "The file cannot be read" },
  MAPPING_INVALID: { status: 422, retry: false, title: "The mapping does not fit the file" },
  COLUMN_UNKNOWN: { status: 422, retry: false, title: "There is no such column" },
  LABEL_INVALID: { status: 422, retry: false, title: "The label cannot be learned" },
  TABLE_EMPTY: { status: 422, retry: false, title: "The table has no rows" },
  ROW_BROKEN: { status: 422, retry: false, title: "A row does not fit the table" },
  DATASET_TOO_SMALL: { status: 422, retry: false, title: "There is too little to learn from" },
  TRAINING_CANCELLED: { status: 409, retry: false, title: "The training was cancelled" },
  ARTIFACT_BROKEN: { status: 500, retry: false, title: "The stored model is damaged" },
  ARTIFACT_FORMAT: { status: 500, retry: false, title: "The stored model has another format" },
  RECEIPT_BROKEN: { status: 500, retry: false, title: "The stored receipt is damaged" },
  RECIPE_INVALID: { status: 422, retry: false, title: "The recipe does not hold together" },
  // the machine
  CONFIG_INVALID: { status: 500, retry: false, title: "The configuration does not hold together" },
  VAR_IN_USE: { status: 500, retry: false, title: "The var folder is in use" },
  PORT_IN_USE: { status: 500, retry: false, title: "The port is taken" },
  DEPENDENCY_MISSING: { status: 500, retry: false, title: "Something this needs is not installed" },
} as const;

export type ErrorCode = keyof typeof CODES;

/**
 * A failure that the caller can act on. Anything else that is thrown is a bug.
 * The message says what was wanted, what was found and what to do.
 */
export class PortraitError extends Error {
  readonly code: ErrorCode;
  /** Facts for the log and the answer. No personal data. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, facts: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "PortraitError";
    this.code = code;
    this.facts = facts;
  }

  get status(): number {
    return CODES[this.code].status;
  }

  get retry(): boolean {
    return CODES[this.code].retry;
  }
}
