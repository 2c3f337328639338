/**
 * Long runs that try to break what the tests only touch. Each exits 1 when a promise was broken, and `--help` says how
 * to see it break:
 *
 *     npm run soak                 the service under load, retrained, its neighbours killed
 *     npm run soak -- receipts     10,000 receipts replayed after ten retrainings, and flipped bits found
 *     npm run soak -- events       events through killed APIs, workers and Redis: nothing lost, nothing doubled
 */
const COMMANDS = {
  service: () => import("./soak/service-command.ts"),
  receipts: () => import("./soak/receipts-command.ts"),
  events: () => import("./soak/events-command.ts"),
};

// so that Ctrl-C is an end like any other, at which what was started is ended too
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const [first = "", ...others] = process.argv.slice(2);
const plain = first === "" || first.startsWith("-");
const name = (Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]).find((one) => one === (plain ? "service" : first));
if (name) await (await COMMANDS[name]()).run(plain ? process.argv.slice(2) : others);
else {
  process.stderr.write(`Wanted npm run soak -- [${Object.keys(COMMANDS).join(" | ")}], found ${first}.\n`);
  process.exitCode = 2;
}
