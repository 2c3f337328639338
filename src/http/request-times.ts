import type { Metric } from "prom-client";

const NAME = "portrait_http_request_seconds";
/** Upper bounds of the buckets, seconds. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

interface Series {
  readonly labels: { readonly method: string; readonly route: string; readonly status: string };
  /** Answers in each bucket alone, the last one without a bound. */
  readonly counts: Float64Array;
  sum: number;
}

/**
 * The histogram of answering times, by method, route and status. Counted by hand and put into the library's form when
 * Prometheus asks: the library's own hashes its labels at every answer, which costs as much as reading a small body.
 */
export function createRequestTimes() {
  const series = new Map<string, Series>();

  function observe(method: string, route: string, status: number, seconds: number): void {
    const key = `${method} ${route} ${status}`;
    let one = series.get(key);
    if (!one) {
      const labels = { method, route, status: String(status) };
      one = { labels, counts: new Float64Array(BOUNDS.length + 1), sum: 0 };
      series.set(key, one);
    }
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]) bucket++;
    one.counts[bucket]++;
    one.sum += seconds;
  }

  const metric = {
    name: NAME,
    help: "Time to answer, by route and status",
    type: "histogram",
    aggregator: "sum",
    reset: () => series.clear(),
    get() {
      const { name, help, type, aggregator } = metric;
      return Promise.resolve({ name, help, type, aggregator, values: [...series.values()].flatMap(valuesOf) });
    },
  };
  // all that a registry calls of a metric
  return { observe, metric: metric as unknown as Metric };
}

/** Buckets count what is below them too. */
function valuesOf({ labels, counts, sum }: Series) {
  let below = 0;
  const buckets = [...counts].map((count, i) => {
    below += count;
    return { metricName: `${NAME}_bucket`, labels: { le: BOUNDS[i] ?? "+Inf", ...labels }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${NAME}_sum`, labels, value: sum },
    { metricName: `${NAME}_count`, labels, value: below },
  ];
}
