import { parseArgs } from "node:util";
import { progressBar } from "../../src/cli/progress.ts";
import { type ReceiptsSoakResult, soakReceipts } from "./receipts.ts";

const HELP = `Usage: npm run soak -- receipts [--receipts 10000] [--retrainings 10] [--people 300] [--flips 40] [--seed 1] [--json]
        [--break row]   flips one bit of a drawn receipt before the replay, to see that the soak then fails

Scores by id and by features across as many versions as there are retrainings and one, draws receipts of all at random
and replays each, one in ten through the API: the digest of what is made again must be the one that the chain has held
since the answer. Then single bits are flipped in stored models, receipts and links: each must be found by name, and
the replay must be well again when the bit is put back. Ends with 1 when anything of it does not hold.
`;

/** `npm run soak -- receipts` */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      receipts: { type: "string", default: "10000" },
      retrainings: { type: "string", default: "10" },
      people: { type: "string", default: "300" },
      flips: { type: "string", default: "40" },
      seed: { type: "string", default: "1" },
      break: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const wrong = values.break !== undefined && values.break !== "row";
  if (values.help || wrong) {
    process.stdout.write(HELP);
    process.exitCode = wrong ? 2 : 0;
    return;
  }
  const bar = progressBar("Replaying receipts", { quiet: values.json });
  const result = await soakReceipts({
    receipts: Number(values.receipts),
    retrainings: Number(values.retrainings),
    people: Number(values.people),
    flips: Number(values.flips),
    seed: Number(values.seed),
    breakOne: values.break === "row",
    onProgress: bar.update,
  });
  bar.end(result.ok ? "all replay to their digests, and every flipped bit is found" : "BROKEN");
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : words(result));
  process.exitCode = result.ok ? 0 : 1;
}

function words(result: ReceiptsSoakResult): string {
  const { versions, made, drawn, byId, ofFirstVersion, throughApi, equal, unequal, chains, flips, seconds } = result;
  const lines = [
    `${made.toLocaleString("en")} receipts of ${versions} versions in ${seconds} s; ${drawn.toLocaleString("en")} drawn at random: ` +
      `${byId.toLocaleString("en")} by id, ${ofFirstVersion.toLocaleString("en")} of the first version`,
    `replayed to the digest that the chain has held: ${equal.toLocaleString("en")} of ${drawn.toLocaleString("en")}, ` +
      `${throughApi.toLocaleString("en")} of them through the API`,
    `${chains.chains} chain${chains.chains === 1 ? "" : "s"} of ${chains.links.toLocaleString("en")} links followed from the root, ` +
      `${chains.broken.length} broken`,
    ...flips.map(({ where, tried, found, restored, names }) => {
      const named = Object.entries(names).map(([name, times]) => `${name} ${times}`);
      return `one bit in ${where}: ${found} of ${tried} found (${named.join(", ")}), ${restored} well again when it was put back`;
    }),
    ...unequal.map((one) => `! ${one}`),
  ];
  return `${lines.join("\n")}\n`;
}
