#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { PortraitError } from "../errors.ts";
import { reportFailure } from "./terminal.ts";

/**
 * The front door: every command is a file in `commands/` that opens what it needs only when it is called,
 * so that `portrait score` does not load a trainer.
 */
const program = new Command("portrait")
  .description(
    "Portraits of people and companies from what they do, and calibrated probabilities that can be proved later.",
  )
  .version("0.1.0")
  .showHelpAfterError("(add --help for the options)")
  .enablePositionalOptions() // so that a command may have a --version of its own
  .exitOverride();

const commands: (() => Promise<{ readonly register: (program: Command) => void }>)[] = [
  () => import("./commands/train.ts"),
  () => import("./commands/score.ts"),
  () => import("./commands/explore.ts"),
  () => import("./commands/models.ts"),
  () => import("./commands/datasets.ts"),
  () => import("./commands/features.ts"),
  () => import("./commands/show.ts"),
  () => import("./commands/segments.ts"),
  () => import("./commands/doctor.ts"),
  () => import("./commands/simulate.ts"),
  () => import("./commands/ingest.ts"),
  () => import("./commands/quarantine.ts"),
  () => import("./commands/replay.ts"),
  () => import("./commands/compact.ts"),
  () => import("./commands/dataset.ts"),
  () => import("./commands/keys.ts"),
  () => import("./commands/erase.ts"),
  () => import("./commands/export.ts"),
  () => import("./commands/audit.ts"),
  () => import("./commands/backup.ts"),
  () => import("./commands/check.ts"),
  () => import("./commands/serve.ts"),
  () => import("./commands/work.ts"),
  () => import("./commands/up.ts"),
  () => import("./commands/retrain.ts"),
  () => import("./commands/score-all.ts"),
  () => import("./commands/jobs.ts"),
  () => import("./commands/demo.ts"),
];

// a reader that has seen enough (`portrait --help | head`) is no failure
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

try {
  for (const open of commands) (await open()).register(program);
  await program.parseAsync();
} catch (error) {
  // thrown by a command itself, and not by the reading of its options, it has not been said yet
  if (error instanceof InvalidArgumentError)
    process.exitCode = reportFailure(
      new PortraitError("INPUT_INVALID", error.message),
      process.argv.includes("--json"),
    );
  else if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else process.exitCode = reportFailure(error, process.argv.includes("--json"));
}
