/**
 * How long work shows itself: a bar on a terminal, a line a quarter elsewhere, nothing with --json.
 * `done` is a share between 0 and 1; `note` is a few words, e.g. "12,000 of 50,000 events".
 */
export type Progress = (done: number, note?: string) => void;

export interface ProgressBar {
  readonly update: Progress;
  /** Leaves one finished line behind. */
  readonly end: (note?: string) => void;
}

const WIDTH = 24;

export function progressBar(title: string, options: { readonly quiet?: boolean } = {}): ProgressBar {
  if (options.quiet) return { update: () => {}, end: () => {} };
  const out = process.stderr;
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  let drawnAt = 0;
  let saidQuarter = 0;

  const bar = (done: number) => {
    const full = Math.round(Math.min(1, Math.max(0, done)) * WIDTH);
    return `${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${String(Math.floor(done * 100)).padStart(3)} %`;
  };
  return {
    update(done, note = "") {
      if (out.isTTY) {
        const now = performance.now();
        if (now - drawnAt < 80 && done < 1) return;
        drawnAt = now;
        out.write(`\r\u001b[2K${title.padEnd(22)} ${bar(done)}  ${note}`);
      } else {
        const quarter = Math.floor(done * 4);
        if (quarter <= saidQuarter || done >= 1) return;
        saidQuarter = quarter;
        out.write(`${title.padEnd(22)} ${quarter * 25} %  ${note}\n`);
      }
    },
    end(note = "") {
      const line = `${title.padEnd(22)} done in ${seconds()}${note ? `  ${note}` : ""}\n`;
      out.write(out.isTTY ? `\r\u001b[2K${line}` : line);
    },
  };
}
