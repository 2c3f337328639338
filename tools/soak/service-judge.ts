import type { JobView } from "../../src/retraining/queue.ts";
import type { ChainsReport } from "../../src/scoring/verify-chains.ts";
import type { Minute, Totals } from "./service-tally.ts";

/** Everything that was seen, as plain values. */
export interface ServiceFacts {
  readonly minutes: number;
  readonly capacityPerSecond: number;
  readonly ratePerSecond: number;
  readonly due: number;
  readonly unsent: number;
  readonly totals: Totals;
  /** When the last request was answered, ms since 1970. */
  readonly loadEndedAt: number;
  /** Other requests (events, retrainings, replays) that failed, by code. */
  readonly failedBeside: Readonly<Record<string, number>>;
  /** Failures that name Redis while it was up. */
  readonly outsideOutages: number;
  readonly latency: readonly Minute[];
  /** Resident memory of the API, MB, a sample a second since the load began. */
  readonly rssMb: readonly number[];
  readonly apiStarts: number;
  readonly wanted: { readonly retrainings: number; readonly redis: number; readonly kills: number };
  readonly redisRestarts: readonly { readonly signal: string; readonly awayMs: number }[];
  readonly kills: number;
  readonly jobs: readonly (JobView | { readonly id: string; readonly state: "unknown" })[];
  /** Features that were answered, made again by the version that was named. */
  readonly remade: { readonly features: number; readonly receipts: number; readonly replays: number };
  readonly differing: { readonly count: number; readonly first: readonly string[] };
  /** The newest receipts made again from the lake alone. */
  readonly fromLog: { readonly equal: number; readonly mismatched: number };
  /** All chains that are still kept, followed from their roots. */
  readonly chains: ChainsReport;
  readonly complaints: readonly string[];
}

export interface Line {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
}

/** So much greater than its second third's may the median of a run's last third be. */
export const FLAT = 1.15;
/** A promoted version answers after so long, on a busy machine too. */
const SWAP_MS = 8_000;
const MOST_NAMED = 4;

/** The promises of the soak, one line each. */
export function judge(facts: ServiceFacts): Line[] {
  const { totals, jobs, wanted, differing, remade, fromLog, chains } = facts;
  const failed = sumOf(totals.failed, facts.failedBeside);
  const strangers = Object.keys(failed).filter((code) => !code.startsWith("REDIS_"));
  const memory = flatness(facts.rssMb);
  const ended = jobs.filter(({ state }) => state === "done" || state === "running");
  const promoted = jobs.filter((job) => "result" in job && job.result?.promoted).length;
  const seen = Object.keys(totals.perVersion);
  const inTime = jobs.flatMap((job) =>
    "result" in job && job.result?.promoted && (job.endedAt ?? 0) < facts.loadEndedAt - SWAP_MS
      ? [job.result.version]
      : [],
  );
  const unseen = inTime.filter((version) => !seen.includes(version)).length;
  const checked = remade.features + remade.receipts;
  return [
    {
      name: "the only failed requests name Redis",
      ok: strangers.length === 0 && facts.apiStarts === 1,
      found:
        `${total(failed).toLocaleString("en")} failed of ${facts.due.toLocaleString("en")} (${countsOf(failed)}), ` +
        `${facts.outsideOutages.toLocaleString("en")} of them while Redis was up; API started ${times(facts.apiStarts)}`,
    },
    {
      name: "the load was there",
      ok: facts.unsent === 0 && totals.answered > 0.5 * facts.due,
      found:
        `${Math.round(facts.ratePerSecond).toLocaleString("en")}/s of a capacity of ` +
        `${Math.round(facts.capacityPerSecond).toLocaleString("en")}/s for ${facts.minutes} min: ${totals.answered.toLocaleString("en")} answered, ` +
        `${totals.withReceipt.toLocaleString("en")} with a receipt, ${totals.withoutReceipt.toLocaleString("en")} said that theirs was missing, ` +
        `${facts.unsent.toLocaleString("en")} never sent`,
    },
    {
      name: "memory of the API is flat",
      ok: memory.flat,
      found:
        `median ${memory.second} MB in the second third, ${memory.last} MB in the last (× ${memory.ratio}, at most × ${FLAT}), ` +
        `slope ${memory.slopeMbPerMinute} MB/min after the first third, most ${memory.most} MB`,
    },
    {
      name: "each answer equals its named version's recomputation",
      ok: differing.count === 0 && totals.twoAnswers.length === 0 && remade.features > 0 && remade.receipts > 0,
      found:
        `${checked.toLocaleString("en")} made again (${remade.features.toLocaleString("en")} different features by all versions that answered them, ` +
        `${remade.receipts.toLocaleString("en")} receipts), ${remade.replays} replayed through the API, ` +
        `${(differing.count + totals.twoAnswers.length).toLocaleString("en")} differ${named([...differing.first, ...totals.twoAnswers])}`,
    },
    {
      name: "served equals replayed from the log",
      ok: fromLog.mismatched === 0 && fromLog.equal > 0,
      found: `${fromLog.equal} of the newest receipts equal to the last bit, ${fromLog.mismatched} differ`,
    },
    {
      name: "the chains of receipts hold",
      ok: chains.broken.length === 0 && chains.links > 0,
      found:
        `${chains.chains} chains of ${chains.links.toLocaleString("en")} links that vouch for ` +
        `${chains.receipts.toLocaleString("en")} receipts, ${chains.broken.length} broken`,
    },
    {
      name: "no retraining is lost",
      ok: jobs.length >= wanted.retrainings && ended.length === jobs.length,
      found: `${jobs.length} asked for, ${statesOf(jobs)}, ${promoted} promoted`,
    },
    {
      name: "every promoted version answered",
      ok: unseen === 0 && seen.length > Math.min(1, wanted.retrainings),
      found: `${seen.length} versions answered; of ${inTime.length} promoted while there was load ${unseen} never did`,
    },
    {
      name: "the neighbours were really killed",
      ok: facts.redisRestarts.length === wanted.redis && facts.kills === wanted.kills,
      found:
        `Redis restarted ${times(facts.redisRestarts.length)} (${facts.redisRestarts.map(({ signal, awayMs }) => `${signal}, away ${(awayMs / 1_000).toFixed(1)} s`).join("; ")}), ` +
        `the worker killed ${times(facts.kills)}`,
    },
    {
      name: "nothing else went wrong",
      ok: facts.complaints.length === 0,
      found: facts.complaints.length === 0 ? "nothing" : facts.complaints.join("; "),
    },
  ];
}

/** Whether memory that may breathe does not grow: thirds of a run compared, the first being its warm-up. */
export function flatness(rssMb: readonly number[]) {
  const third = Math.floor(rssMb.length / 3);
  const second = median(rssMb.slice(third, 2 * third));
  const last = median(rssMb.slice(2 * third));
  const ratio = last / second;
  return {
    flat: ratio <= FLAT, // also false for NaN: memory that was not measured is not flat
    second: Math.round(second),
    last: Math.round(last),
    ratio: Math.round(1_000 * ratio) / 1_000,
    slopeMbPerMinute: Math.round(600 * slopeOf(rssMb.slice(third))) / 10,
    most: Math.round(Math.max(...rssMb)),
  };
}

/** The slope of the least-squares line, a sample. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [above, below] = [0, 0];
  values.forEach((value, i) => {
    above += (i - middle) * (value - mean);
    below += (i - middle) ** 2;
  });
  return above / below;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function sumOf(...counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const one of counts) for (const [name, count] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

const total = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((sum, one) => sum + one, 0);

const countsOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count.toLocaleString("en")}`)
    .join(", ") || "none";

const times = (count: number) => (count === 1 ? "once" : `${count} times`);

const named = (what: readonly string[]): string =>
  what.length === 0 ? "" : `: ${what.slice(0, MOST_NAMED).join("; ")}`;

function statesOf(jobs: ServiceFacts["jobs"]): string {
  const counts: Record<string, number> = {};
  for (const job of jobs) {
    const why = "failure" in job && job.failure ? ` (${job.failure.code}: ${job.failure.message})` : "";
    counts[job.state + why] = (counts[job.state + why] ?? 0) + 1;
  }
  return Object.entries(counts)
    .map(([state, count]) => `${count} ${state}`)
    .join(", ");
}
