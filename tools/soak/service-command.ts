import { parseArgs } from "node:util";
import { durationMs } from "../../src/cli/duration.ts";
import { progressBar } from "../../src/cli/progress.ts";
import { BREAKS, SAMPLE_EVERY, soakService } from "./service.ts";
import { judge, type Line, type ServiceFacts } from "./service-judge.ts";

const HELP = `Usage: npm run soak -- [--minutes 10] [--retrain-every 60s] [--redis 2] [--kills 5] [--share 0.7] [--people 400] [--seed 1] [--json]
        [--break <what>]   breaks a promise on purpose, to see that the soak then fails:
                             recompute  a wrong model is published under a name
                             memory     the API leaks
                             jobs       the worker never comes back
                             failures   the API is killed once

First this machine's own capacity is measured, then a share of it is asked of an API, by id and by features, with receipts
and with exact reasons, while models are retrained, the private Redis is restarted (politely and by SIGKILL, in turn) and
the worker is killed. All answers to features, and one receipt in ${SAMPLE_EVERY}, are made again by the versions that they
name. In short: npm run soak -- --minutes 1 --retrain-every 15s --redis 1 --kills 1
`;

/** `npm run soak`. Exits 1 when a line does not hold. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "10" },
      "retrain-every": { type: "string", default: "60s" },
      redis: { type: "string", default: "2" },
      kills: { type: "string", default: "5" },
      share: { type: "string", default: "0.7" },
      people: { type: "string", default: "400" },
      seed: { type: "string", default: "1" },
      break: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const breaks = BREAKS.find((one) => one === values.break);
  const wrong = values.break !== undefined && breaks === undefined;
  if (values.help || wrong) {
    process.stdout.write(HELP);
    process.exitCode = wrong ? 2 : 0;
    return;
  }
  const bar = progressBar(breaks ? `Soaking, ${breaks} broken` : "Soaking", { quiet: values.json });
  const facts = await soakService({
    minutes: Number(values.minutes),
    retrainEveryS: durationMs("--retrain-every", values["retrain-every"]) / 1_000,
    redis: Number(values.redis),
    kills: Number(values.kills),
    share: Number(values.share),
    people: Number(values.people),
    seed: Number(values.seed),
    breaks,
    say: (line) => process.stderr.write(`${line}\n`),
    onProgress: bar.update,
  });
  const lines = judge(facts);
  const ok = lines.every((line) => line.ok);
  bar.end(ok ? "all promises hold" : "BROKEN");
  const { rssMb, ...others } = facts;
  process.stdout.write(values.json ? `${JSON.stringify({ ok, lines, ...others })}\n` : words(facts, lines));
  process.exitCode = ok ? 0 : 1;
}

function words({ latency }: ServiceFacts, lines: readonly Line[]): string {
  const minutes = latency.map(
    ({ answered, p50Ms, p99Ms, maxMs }, i) =>
      `  minute ${i + 1}: ${answered.toLocaleString("en")} answered, p50 ${p50Ms} ms, p99 ${p99Ms} ms, most ${maxMs} ms`,
  );
  const judged = lines.map(({ name, ok, found }) => `${ok ? "holds " : "BROKEN"}  ${name}\n          ${found}`);
  return `${[...judged, "latency since a request was due, stalls of Redis included:", ...minutes].join("\n")}\n`;
}
