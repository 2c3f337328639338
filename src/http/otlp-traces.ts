import type { IncomingHttpHeaders } from "node:http";
import type { Log } from "../log.ts";

/** One answered request, as a trace tells it. */
export interface Answered {
  readonly method: string;
  /** The declared path, never the address that was asked for. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  readonly headers: IncomingHttpHeaders;
  readonly requestId: string;
}

export interface Traces {
  /** Takes a request down; no work but a copy of its facts, and none at all for what is not sampled. */
  answered(request: Answered): void;
  /** Sends what is left. */
  close(): Promise<void>;
}

export interface OtlpOptions {
  /** Where spans are posted: `http://collector:4318/v1/traces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly service: string;
  /** Share of the requests without a parent that are told; a parent decides for its own. */
  readonly ratio: number;
  readonly log: Log;
  readonly clock?: () => number;
  /** So many random bytes, hex. */
  readonly randomHex: (bytes: number) => string;
  readonly sendEveryMs?: number;
  readonly fetch?: typeof fetch;
}

/** As OpenTelemetry's own batches are by default: what is beyond waits for nobody. */
const HELD_MOST = 2_048;
const BATCH = 512;
const PATIENCE_MS = 10_000;
const SERVER_KIND = 2;
const FAILED = 2;

/** W3C Trace Context: version, trace, parent, flags. */
const PARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

/**
 * Tells each request as a span to an OpenTelemetry collector, by OTLP over HTTP in JSON. A collector that is away costs
 * spans, never answers: what cannot be sent is dropped and counted in the log.
 */
export function createOtlpTraces(options: OtlpOptions): Traces {
  const { url, ratio, log, clock = Date.now, randomHex, sendEveryMs = 5_000, fetch: fetched = fetch } = options;
  const threshold = Math.round(ratio * 0xffffffff);
  let held: object[] = [];
  let dropped = 0;
  let sending: Promise<void> | undefined;
  const timer = setInterval(() => void send(), sendEveryMs).unref();

  async function send(): Promise<void> {
    if (sending) return sending;
    sending = sendAll();
    try {
      await sending;
    } finally {
      sending = undefined;
    }
  }

  async function sendAll(): Promise<void> {
    while (held.length > 0) {
      const spans = held.slice(0, BATCH);
      held = held.slice(BATCH);
      try {
        const res = await fetched(url, {
          method: "POST",
          headers: { "content-type": "application/json", ...options.headers },
          body: JSON.stringify(requestOf(options.service, spans)),
          signal: AbortSignal.timeout(PATIENCE_MS),
        });
        await res.arrayBuffer();
        if (!res.ok) dropped += spans.length;
      } catch {
        dropped += spans.length;
      }
    }
    if (dropped > 0) log.warn({ spans: dropped }, "spans were dropped: the collector does not take them");
    dropped = 0;
  }

  return {
    answered({ method, route, status, seconds, headers, requestId }) {
      const [, parentTrace, parentSpan, flags] = PARENT.exec(String(headers.traceparent ?? "")) ?? [];
      const trace = parentTrace ?? randomHex(16);
      const sampled =
        flags === undefined
          ? Number.parseInt(trace.slice(24), 16) <= threshold && ratio > 0
          : (Number.parseInt(flags, 16) & 1) === 1;
      if (!sampled) return;
      if (held.length >= HELD_MOST) {
        dropped++;
        return;
      }
      const endMs = clock();
      held.push({
        traceId: trace,
        spanId: randomHex(8),
        ...(parentSpan !== undefined && { parentSpanId: parentSpan }),
        name: `${method} ${route}`,
        kind: SERVER_KIND,
        startTimeUnixNano: nanos(endMs - seconds * 1_000),
        endTimeUnixNano: nanos(endMs),
        attributes: [
          text("http.request.method", method),
          text("http.route", route),
          { key: "http.response.status_code", value: { intValue: String(status) } },
          text("portrait.request_id", requestId),
        ],
        ...(status >= 500 && { status: { code: FAILED } }),
      });
      if (held.length >= BATCH) void send();
    },
    async close() {
      clearInterval(timer);
      await sending;
      await send();
    },
  };
}

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

/** ms since 1970 as whole nanoseconds, which a double cannot hold. */
const nanos = (ms: number) => `${BigInt(Math.round(ms * 1_000)) * 1_000n}`;

const requestOf = (service: string, spans: readonly object[]) => ({
  resourceSpans: [
    {
      resource: { attributes: [text("service.name", service), text("telemetry.sdk.language", "nodejs")] },
      scopeSpans: [{ scope: { name: "portrait" }, spans }],
    },
  ],
});
