import type { Config } from "../config.ts";
import { PortraitError } from "../errors.ts";
import { openDiskAudit } from "../stores/disk/audit.ts";

/**
 * Does what a command was asked for, written down before and after like the same call over HTTP.
 *
 * @param what the command, as `portrait keys revoke`
 * @param madeOf what the second line says beside, such as the name of what was made
 * @throws PortraitError AUDIT_UNWRITABLE; what `work` throws
 */
export async function auditedCommand<Answer>(
  config: Pick<Config, "paths">,
  what: string,
  about: Readonly<Record<string, string>>,
  work: () => Promise<Answer> | Answer,
  madeOf: (answer: Answer) => Readonly<Record<string, string>> = () => ({}),
): Promise<Answer> {
  const audit = openDiskAudit(config.paths.audit);
  const act = { who: `cli:${process.getuid?.() ?? 0}`, what, about };
  try {
    await audit.record({ ...act, step: "asked" });
    try {
      const answer = await work();
      await audit.record({ ...act, about: { ...about, ...madeOf(answer) }, step: "done" });
      return answer;
    } catch (error) {
      const code = error instanceof PortraitError ? error.code : "INTERNAL";
      if (code !== "AUDIT_UNWRITABLE") await audit.record({ ...act, step: "failed", code });
      throw error;
    }
  } finally {
    await audit.close();
  }
}
