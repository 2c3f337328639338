import { setTimeout as sleep } from "node:timers/promises";
import { PortraitError } from "../../src/errors.ts";
import { encodeInline } from "../../src/scoring/encode-row.ts";
import type { ReceiptStore } from "../../src/scoring/receipt.ts";
import type { ScorerOf } from "../../src/scoring/version-scorers.ts";
import type { Sample, Tally } from "./service-tally.ts";

interface RemakerNeeds {
  /** Versions as they lie on disk, where the training put them: not by the way that the API has them. */
  readonly scorerOf: ScorerOf;
  readonly receipts: Pick<ReceiptStore, "load">;
  readonly replay: (receipt: string) => Promise<{ readonly equal: boolean } | undefined>;
  readonly model: string;
}

const REPLAYED_EVERY = 50;
const AT_ONCE = 20;
const SHOWN = 4;

/** Makes answers again by the versions that they name, while more come in. */
export function createRemaker({ scorerOf, receipts, replay, model }: RemakerNeeds) {
  const waiting: Sample[] = [];
  const differing: string[] = [];
  const made = { features: 0, receipts: 0, replays: 0 };
  let different = 0;
  const differs = (what: string) => {
    different++;
    if (differing.length < SHOWN) differing.push(what);
  };

  async function again(sample: Sample): Promise<void> {
    const { receipt: id, version, probability } = sample;
    const receipt = await receipts.load(id);
    if (!receipt) {
      differs(`${id} was answered ${Math.round((Date.now() - sample.atMs) / 1_000)} s ago and is not stored`);
      return;
    }
    const [record] = receipt.scores;
    const { probability: remade } = (await scorerOf(model, version)).score(record.row);
    if (record.version !== version || !Object.is(remade, Number(probability)))
      differs(`${id} of ${version} was answered ${probability}, made again ${remade} by ${record.version}`);
    if (made.receipts++ % REPLAYED_EVERY !== 0) return;
    const replayed = await replay(id);
    if (!replayed) return; // it failed, and is counted among the failed
    made.replays++;
    if (!replayed.equal) differs(`${id} of ${version} does not replay`);
  }

  /** What Redis does not answer now waits for it. */
  async function some(): Promise<void> {
    const group = waiting.splice(0, AT_ONCE);
    await Promise.all(
      group.map((sample) =>
        again(sample).catch((error: unknown) => {
          if (error instanceof PortraitError && error.code === "REDIS_AWAY") waiting.push(sample);
          else
            differs(`${sample.receipt}: ${error instanceof PortraitError ? `${error.code}, ${error.message}` : error}`);
        }),
      ),
    );
  }

  return {
    take: (samples: readonly Sample[]) => void waiting.push(...samples),
    made: () => made,
    /** How many differed, and the first of them in words. */
    differing: () => ({ count: different, first: differing }),
    async run(running: () => boolean): Promise<void> {
      while (running()) {
        await some();
        await sleep(waiting.length > 0 ? 5 : 100);
      }
    },
    async drain(): Promise<void> {
      while (waiting.length > 0) await some();
    },
    /** All that was ever said of features that were given. */
    async features(given: readonly Readonly<Record<string, number>>[], said: ReturnType<Tally["said"]>): Promise<void> {
      for (const { version, features, probability } of said) {
        const scorer = await scorerOf(model, version);
        const remade = scorer.score(encodeInline(scorer.columns, given[features])).probability;
        made.features++;
        if (!Object.is(remade, Number(probability)))
          differs(`features ${features} were answered ${probability} by ${version}, made again ${remade}`);
      }
    },
  };
}
