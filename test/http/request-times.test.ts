import fc from "fast-check";
import { Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { createRequestTimes } from "../../src/http/request-times.ts";

const observed = fc.array(
  fc.record({
    method: fc.constantFrom("GET", "POST"),
    route: fc.constantFrom("/v1/score", "unknown"),
    status: fc.constantFrom(200, 503),
    seconds: fc.oneof(fc.double({ min: 0, max: 6, noNaN: true }), fc.constantFrom(0.0005, 0.25, 5)),
  }),
);

test("Prometheus is told what the library's own histogram would tell, to the byte", async () => {
  await fc.assert(
    fc.asyncProperty(observed, async (all) => {
      const ours = new Registry();
      const times = createRequestTimes();
      ours.registerMetric(times.metric);
      const library = new Registry();
      const histogram = new Histogram({
        name: "portrait_http_request_seconds",
        help: "Time to answer, by route and status",
        labelNames: ["method", "route", "status"],
        buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
        registers: [library],
      });
      for (const { method, route, status, seconds } of all) {
        times.observe(method, route, status, seconds);
        histogram.labels(method, route, String(status)).observe(seconds);
      }
      expect(await ours.metrics()).toBe(await library.metrics());
    }),
  );
});
