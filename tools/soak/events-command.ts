import { parseArgs } from "node:util";
import { progressBar } from "../../src/cli/progress.ts";
import { GUARDS } from "../../src/stores/redis/ingest-guards.ts";
import { soakEvents } from "./events.ts";

/** `npm run soak -- events`. Exits 1 when a promise was broken. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: "string", default: "50" },
      armed: { type: "string", default: "3" },
      seed: { type: "string", default: "1" },
      minutes: { type: "string", default: "15" },
      without: { type: "string" },
      direct: { type: "boolean", default: false },
      cluster: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const without = GUARDS.find((guard) => guard === values.without);

  if (values.help || (values.without !== undefined && !without)) {
    process.stdout.write(
      `Wanted: npm run soak -- events [--kills 50] [--armed 3] [--minutes 15] [--seed 1] [--json]
        [--cluster]           on a Redis Cluster of three masters
        [--direct]            no API process: batches go through the door of the log in this process
        [--without <guard>]   takes a guard of the protocol out, to see that the soak then fails:
                              ${GUARDS.join(", ")}

API, workers and Redis are killed at random and at armed points, with duplicates, late and shuffled events and two
owners of one partition. At the end every acknowledged event must be in the lake once, and every state must be what a
clean replay makes of the lake, byte for byte.
`,
    );
    process.exitCode = values.help ? 0 : 2;
  } else {
    const bar = progressBar(without ? `Soaking without ${without}` : "Soaking", { quiet: values.json });
    const result = await soakEvents({
      kills: Number(values.kills),
      armed: Number(values.armed),
      seed: Number(values.seed),
      without,
      api: !values.direct,
      cluster: values.cluster,
      clients: 3,
      pauseMs: values.direct ? 150 : 20, // the door alone takes far more than killed workers apply
      patienceMs: Number(values.minutes) * 60_000,
      onProgress: bar.update,
    });
    bar.end(result.ok ? "nothing lost, nothing doubled, every state as the log says" : "BROKEN");
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else {
      const { kills, points, states } = result;
      process.stdout.write(
        `kills: ${JSON.stringify(kills)}\narmed points hit: ${JSON.stringify(points)}\n` +
          `${result.sent} events sent, ${result.duplicates} of them or others again, ${result.acknowledged} acknowledged, ` +
          `${result.laked} in the lake: ${result.lost} lost, ${result.doubled} doubled\nstates: ${JSON.stringify(states)}\n`,
      );
      for (const complaint of result.complaints) process.stdout.write(`! ${complaint}\n`);
    }
    process.exitCode = result.ok ? 0 : 1;
  }
}
