import type { Metric } from "prom-client";

/** Upper bounds of the buckets, seconds. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

type Labels = Readonly<Record<string, string>>;

interface Series {
  readonly labels: Labels;
  /** Times in each bucket alone, the last one without a bound. */
  readonly counts: Float64Array;
  sum: number;
}

/**
 * A histogram of times. Counted by hand and put into the library's form when Prometheus asks: the library's own hashes
 * its labels at every time, which costs as much as reading a small body.
 */
export function createTimes(name: string, help: string) {
  const series = new Map<string, Series>();

  /** @param key tells the series apart; `labelsOf` is asked once for each */
  function observe(key: string, seconds: number, labelsOf: () => Labels): void {
    let one = series.get(key);
    if (!one) {
      one = { labels: labelsOf(), counts: new Float64Array(BOUNDS.length + 1), sum: 0 };
      series.set(key, one);
    }
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]) bucket++;
    one.counts[bucket]++;
    one.sum += seconds;
  }

  /** Buckets count what is below them too. */
  function valuesOf({ labels, counts, sum }: Series) {
    let below = 0;
    const buckets = [...counts].map((count, i) => {
      below += count;
      return { metricName: `${name}_bucket`, labels: { le: BOUNDS[i] ?? "+Inf", ...labels }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: below },
    ];
  }

  const metric = {
    name,
    help,
    type: "histogram",
    aggregator: "sum",
    reset: () => series.clear(),
    get: () =>
      Promise.resolve({
        name,
        help,
        type: metric.type,
        aggregator: metric.aggregator,
        values: [...series.values()].flatMap(valuesOf),
      }),
  };
  // all that a registry calls of a metric
  return { observe, metric: metric as unknown as Metric };
}
