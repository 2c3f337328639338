import type { Development } from "./develop.ts";
import { type Latency, measureLatency } from "./latency.ts";
import type { Candidate } from "./quality.ts";

/** Why one of the candidates is the winner, and who stood where. */
export interface Verdict {
  readonly winner: Candidate;
  readonly why: string;
  readonly standing: readonly CandidateLine[];
}

type Timed = Candidate & { readonly latency?: Latency };

export interface CandidateLine {
  readonly name: string;
  /** Mean log loss on rows that it had not fitted, and its standard error. */
  readonly logLoss: number;
  readonly standardError: number;
  /** How much more than the winner's, and the standard error of this paired difference; 0 for the winner. */
  readonly behind: number;
  readonly behindError: number;
  readonly seconds: number;
  /** What a score costs here, µs, when there was a budget for it. */
  readonly microseconds?: number;
  readonly about?: string;
}

/**
 * The winner: the smallest log loss on rows that did not fit. A blend costs more to run and to understand, so it is taken
 * only when it is better than the best single candidate by more than `convincing` (1) standard errors of their paired
 * difference; −1 takes it unless it is worse by one.
 * With a latency budget (µs a row), candidates that are slower on this machine are passed over; when all are, the fastest
 * wins.
 */
export function decide(
  candidates: readonly Candidate[],
  { choosing }: Development,
  options: { readonly where: string; readonly latencyUs?: number; readonly convincing?: number },
): Verdict {
  const { where, latencyUs, convincing = 1 } = options;
  const timed: readonly Timed[] = candidates.map((candidate) =>
    latencyUs === undefined ? candidate : { ...candidate, latency: measureLatency(candidate.model, choosing) },
  );
  const quick = timed.filter(({ latency }) => latencyUs === undefined || (latency?.median ?? 0) <= latencyUs);
  const fastest = timed.reduce((a, b) => ((b.latency?.median ?? 0) < (a.latency?.median ?? 0) ? b : a));
  const allowed = quick.length ? quick : [fastest];
  const total = choosing.weight?.reduce((sum, w) => sum + w, 0) ?? choosing.rows;
  const mean = ({ loss }: Timed) => loss.reduce((sum, l) => sum + l, 0) / total;
  const least = (list: readonly Timed[]) => list.reduce((a, b) => (mean(b) < mean(a) ? b : a));
  const singles = allowed.filter(({ name }) => name !== "blend");
  const blend = allowed.find(({ name }) => name === "blend");
  const single = singles.length ? least(singles) : undefined;
  const gain = blend && single ? paired(single.loss, blend.loss) : undefined;
  const takesBlend = blend !== undefined && (gain === undefined || gain.mean > convincing * gain.error);
  const winner = (takesBlend ? blend : single) ?? allowed[0];

  const words = (c: Timed) => `${c.name} ${mean(c).toFixed(4)}`;
  const others = timed.filter((c) => c !== winner).map(words);
  const scale = choosing.rows / total;
  const ofBlend =
    gain && blend && single ? besideSingle(gain, scale, takesBlend, convincing, { blend: mean(blend), single }) : "";
  const slow = timed.filter((c) => !quick.includes(c));
  const ofLatency =
    latencyUs === undefined
      ? ""
      : quick.length
        ? `; it scores a row in ${winner.latency?.median.toFixed(1)} µs here (budget ${latencyUs})${
            slow.length ? `, passed over as too slow: ${slow.map(inMicroseconds).join(", ")}` : ""
          }`
        : `; nothing keeps to ${latencyUs} µs here, so the fastest was taken: ${inMicroseconds(winner)}`;
  const claim =
    winner === least(allowed)
      ? "has the smallest log loss"
      : takesBlend
        ? "is as good as the best single learner"
        : "is the best single learner";
  return {
    winner,
    why: `${winner.name} ${claim} ${where}: ${mean(winner).toFixed(4)}${
      others.length ? `, against ${others.join(", ")}` : ""
    }${ofBlend}${ofLatency}`,
    standing: [...timed]
      .sort((a, b) => mean(a) - mean(b))
      .map((candidate) => {
        const { mean: behind, error } = paired(candidate.loss, winner.loss);
        const own = paired(candidate.loss, new Float64Array(candidate.loss.length));
        return {
          name: candidate.name,
          logLoss: mean(candidate),
          standardError: own.error * scale,
          behind: behind * scale,
          behindError: error * scale,
          seconds: candidate.seconds,
          ...(candidate.latency && { microseconds: candidate.latency.median }),
          ...(candidate.about && { about: candidate.about }),
        };
      }),
  };
}

/** How the blend stands beside the best single one, in words. */
function besideSingle(
  gain: { readonly mean: number; readonly error: number },
  scale: number,
  taken: boolean,
  convincing: number,
  { blend, single }: { readonly blend: number; readonly single: Timed },
): string {
  const [by, error] = [(Math.abs(gain.mean) * scale).toFixed(4), (gain.error * scale).toFixed(4)];
  const than = `the standard error ${error} of the difference`;
  if (!taken) {
    const short = convincing < 0 ? "worse by more than" : "not better by more than";
    return `; the blend (${blend.toFixed(4)}) is ${short} ${than}`;
  }
  if (gain.mean > 0) return `; it beats ${single.name} by ${by}, ${convincing > 0 ? "more than" : "with"} ${than}`;
  return `; it is behind ${single.name} by ${by}, within ${than}: the best of many is partly so by luck`;
}

const inMicroseconds = ({ name, latency }: Timed) => `${name} ${latency?.median.toFixed(1)} µs`;

/** Mean of a − b over rows and its standard error. */
function paired(a: Float64Array, b: Float64Array): { readonly mean: number; readonly error: number } {
  const n = a.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += (a[i] - b[i]) / n;
  let square = 0;
  for (let i = 0; i < n; i++) square += (a[i] - b[i] - mean) ** 2;
  return { mean, error: Math.sqrt(square / Math.max(1, n - 1) / n) };
}
