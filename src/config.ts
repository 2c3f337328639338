import { resolve } from "node:path";
import { z } from "zod";
import { PortraitError } from "./errors.ts";

const Env = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  HOST: z.string().default("127.0.0.1"),
  REDIS_URL: z
    .string()
    .regex(/^(redis|rediss|unix):\/\//, "wanted redis://host:port, rediss://… or unix:///path")
    .optional(),
  PORTRAIT_VAR: z.string().default("data/var"),
  PORTRAIT_CONFIG: z.string().optional(),
  PORTRAIT_API_KEY: z.string().min(20, "wanted at least 20 characters; `portrait keys create` makes one").optional(),
  PORTRAIT_OPEN: z.enum(["0", "1"]).default("0"),
  PORTRAIT_RATE_LIMIT: z.coerce.number().min(0).default(0),
  PORTRAIT_PARTITIONS: z.coerce.number().int().min(1).max(1024).default(8),
  PORTRAIT_FLUSH_MS: z.coerce.number().int().min(10).default(3_000),
  PORTRAIT_FLUSH_ROWS: z.coerce.number().int().min(1).default(100_000),
  PORTRAIT_KNOWN_IDS_DAYS: z.coerce.number().positive().default(7),
  PORTRAIT_RECEIPT_DAYS: z.coerce.number().positive().default(400),
  PORTRAIT_DATASETS: z.string().default("../shared/datasets"),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url().optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().default(""),
  OTEL_SERVICE_NAME: z.string().default("portrait"),
  OTEL_TRACES_SAMPLER: z.string().optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  OTEL_SDK_DISABLED: z.enum(["true", "false"]).default("false"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  SEED: z.coerce.number().int().default(20_260_101),
});

/** Where traces go, by the variables that every OpenTelemetry library reads; undefined when nobody listens. */
function telemetryOf(e: z.infer<typeof Env>) {
  const base = e.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/+$/, "");
  const url = e.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base === undefined ? undefined : `${base}/v1/traces`);
  if (url === undefined || e.OTEL_SDK_DISABLED === "true") return undefined;
  const pairs = e.OTEL_EXPORTER_OTLP_HEADERS.split(",").flatMap((pair) => {
    const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    return name === undefined ? [] : [[name, decodeURIComponent(value)] as const];
  });
  const sampler = e.OTEL_TRACES_SAMPLER ?? "parentbased_always_on";
  const ratio = sampler.endsWith("always_off") ? 0 : sampler.endsWith("traceidratio") ? e.OTEL_TRACES_SAMPLER_ARG : 1;
  return Object.freeze({ url, headers: Object.freeze(Object.fromEntries(pairs)), service: e.OTEL_SERVICE_NAME, ratio });
}

const DAY_MS = 86_400_000;

export type Config = ReturnType<typeof loadConfig>;

/**
 * Reads the environment once and answers a frozen, typed Config.
 * Units are in the names (`lake.flushMs`), so no caller multiplies by 1000.
 *
 * @throws PortraitError CONFIG_INVALID listing every wrong variable at once, not only the first.
 */
export function loadConfig(env: Record<string, string | undefined>) {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const read = Env.safeParse(given);
  if (!read.success) {
    const variables = read.error.issues.map((issue) => String(issue.path[0]));
    throw new PortraitError("CONFIG_INVALID", `Bad configuration:\n${z.prettifyError(read.error)}`, { variables });
  }
  const e = read.data;
  const root = resolve(e.PORTRAIT_VAR);
  return Object.freeze({
    http: Object.freeze({
      host: e.HOST,
      port: e.PORT,
      open: e.PORTRAIT_OPEN === "1",
      apiKey: e.PORTRAIT_API_KEY,
      /** Requests a second of a key that has no limit of its own, over all processes; 0 = no limit. */
      perSecond: e.PORTRAIT_RATE_LIMIT,
    }),
    redis: Object.freeze({ url: e.REDIS_URL }),
    /** The one writable volume and what lives in it. */
    paths: Object.freeze({
      root,
      lake: resolve(root, "lake"),
      artifacts: resolve(root, "artifacts"),
      segments: resolve(root, "segments"),
      redis: resolve(root, "redis"),
      keys: resolve(root, "keys.json"),
      audit: resolve(root, "audit"),
    }),
    /** A JSON file with the user's own recipes, tags and features; undefined = the built-in ones only. */
    declarations: e.PORTRAIT_CONFIG,
    log: Object.freeze({ partitions: e.PORTRAIT_PARTITIONS, knownIdsMs: e.PORTRAIT_KNOWN_IDS_DAYS * DAY_MS }),
    lake: Object.freeze({ flushMs: e.PORTRAIT_FLUSH_MS, flushRows: e.PORTRAIT_FLUSH_ROWS }),
    receipts: Object.freeze({ keepMs: e.PORTRAIT_RECEIPT_DAYS * DAY_MS }),
    telemetry: telemetryOf(e),
    datasets: resolve(e.PORTRAIT_DATASETS),
    logLevel: e.LOG_LEVEL,
    seed: e.SEED,
  });
}
