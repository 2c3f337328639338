import { createReadStream } from "node:fs";
import { join } from "node:path";
import { type AuditEntry, objectionTo, parseEntry } from "../../audit/audit-entry.ts";
import { chainNames } from "./audit.ts";

export interface AuditFinding {
  readonly chain: string;
  /** Counted from 1, as editors do; absent when it is about the whole file. */
  readonly line?: number;
  readonly words: string;
}

export interface AuditVerdict {
  readonly chains: number;
  readonly entries: number;
  /** Empty when all holds together. */
  readonly findings: readonly AuditFinding[];
  /** Chains whose last line broke off: their process died while writing, and nothing was done for that line. */
  readonly torn: readonly string[];
}

type Head = Pick<AuditEntry, "n" | "digest">;

/** Reads every line of the audit and says what does not hold together. One pass over the folder; some 100 MB/s. */
export async function verifyAudit(folder: string): Promise<AuditVerdict> {
  const findings: AuditFinding[] = [];
  const torn: string[] = [];
  const digests = new Map<string, string[]>();
  const cited: { readonly by: string; readonly chain: string; readonly head: Head }[] = [];
  let entries = 0;

  for (const chain of await chainNames(folder)) {
    const lines: string[] = [];
    digests.set(chain, lines);
    let last: Head | undefined;
    let number = 0;
    for await (const { text, whole } of linesOf(join(folder, chain))) {
      number++;
      if (!whole) {
        torn.push(chain);
        break;
      }
      const words = objectionTo(text, last);
      if (words !== undefined) {
        // what follows a changed line cannot be told from what was changed
        findings.push({ chain, line: number, words });
        break;
      }
      const entry = parseEntry(text) as AuditEntry;
      last = entry;
      entries++;
      lines.push(entry.digest);
      for (const [other, head] of Object.entries(entry.heads ?? {})) cited.push({ by: chain, chain: other, head });
    }
  }
  for (const { by, chain, head } of cited) {
    const known = digests.get(chain);
    if (known === undefined) findings.push({ chain, words: `is gone: ${by} has seen it` });
    else if (known[head.n] !== head.digest && !findings.some((finding) => finding.chain === chain)) {
      const words = known.length <= head.n ? "was cut short" : "was replaced";
      findings.push({ chain, line: head.n + 1, words: `${words}: ${by} has seen another line` });
    }
  }
  return { chains: digests.size, entries, findings, torn };
}

/** Lines in their order; the last is not whole when no line break follows it. */
async function* linesOf(path: string): AsyncGenerator<{ readonly text: string; readonly whole: boolean }> {
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8" })) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const text of parts) yield { text, whole: true };
  }
  if (rest !== "") yield { text: rest, whole: false };
}
