import { type Command, InvalidArgumentError } from "commander";
import type { AuditEntry } from "../../audit/audit-entry.ts";
import { loadConfig } from "../../config.ts";
import { PortraitError } from "../../errors.ts";
import { openDiskAudit } from "../../stores/disk/audit.ts";
import { verifyAudit } from "../../stores/disk/verify-audit.ts";
import { paint, table } from "../terminal.ts";

interface TailFlags {
  readonly lines: number;
  readonly who?: string;
  readonly entity?: { readonly kind: string; readonly id: string };
  readonly json?: boolean;
}

/** `portrait audit tail|verify`: who asked for and changed what, and whether it still says so. */
export function register(program: Command): void {
  const audit = program.command("audit").description("Who asked for and changed what, and whether the record holds");
  const folder = () => loadConfig(process.env).paths.audit;

  audit
    .command("tail")
    .description("The newest lines, the newest last")
    .option("-n, --lines <n>", "how many", readLines, 20)
    .option("--who <key>", "only what this key asked for: its 8 characters, or cli:<user number>")
    .option("--entity <kind:id>", "only what is about this one; the record holds a salted digest of it", readEntity)
    .option("--json", "one JSON object on stdout")
    .addHelpText("after", "\nExamples:\n  $ portrait audit tail\n  $ portrait audit tail --entity user:u1 -n 100")
    .action(async ({ lines, who, entity, json = false }: TailFlags) => {
      const found = await openDiskAudit(folder()).newest({
        limit: lines,
        ...(who && { who }),
        ...(entity && { entity }),
      });
      if (json) return void process.stdout.write(`${JSON.stringify({ entries: found })}\n`);
      if (found.length === 0) return void process.stdout.write("Nothing was asked for yet.\n");
      process.stdout.write(`${table(["at", "who", "what", "step", "about"], found.reverse().map(line))}\n`);
    });

  audit
    .command("verify")
    .description("Read every line and say what was changed, cut off or taken away; 1 when anything was")
    .option("--json", "one JSON object on stdout")
    .addHelpText("after", "\nExamples:\n  $ portrait audit verify")
    .action(async ({ json = false }: { json?: boolean }) => {
      const verdict = await verifyAudit(folder());
      if (json) process.stdout.write(`${JSON.stringify({ ok: verdict.findings.length === 0, ...verdict })}\n`);
      else {
        for (const { chain, line, words } of verdict.findings)
          process.stdout.write(`${chain}${line === undefined ? "" : `, line ${line}`}: ${words}\n`);
        for (const chain of verdict.torn) {
          process.stdout.write(paint("dim", `${chain}: its last line broke off; nothing was done for it\n`));
        }
        const { entries, chains, findings } = verdict;
        const all = `${entries} lines in ${chains} chains`;
        process.stdout.write(findings.length === 0 ? `${all}: all hold together\n` : `${all} were read\n`);
      }
      if (verdict.findings.length > 0) process.exitCode = 1;
    });
}

const line = ({ at, who, what, step, about, subject, code }: AuditEntry) => [
  at.slice(0, 19).replace("T", " "),
  who,
  what,
  code === undefined ? step : `${step} ${code}`,
  [...Object.entries(about ?? {}).map(([name, value]) => `${name} ${value}`), subject?.slice(0, 8) ?? ""]
    .filter((part) => part !== "")
    .join(", "),
];

function readLines(text: string): number {
  const lines = Number(text);
  if (Number.isInteger(lines) && lines >= 1 && lines <= 100_000) return lines;
  throw new InvalidArgumentError("Wanted a whole number from 1 to 100000.");
}

function readEntity(text: string): { kind: string; id: string } {
  const at = text.indexOf(":");
  if (at > 0 && at < text.length - 1) return { kind: text.slice(0, at), id: text.slice(at + 1) };
  throw new PortraitError("INPUT_INVALID", "Wanted --entity as kind:id, such as user:u1.");
}
