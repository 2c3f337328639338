import type { GainStep } from "../../models/metrics/gain.ts";
import type { ReliabilityPoint } from "../../models/metrics/reliability.ts";

const WIDTH = 60;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(7);

/** One line a bin: what was said (◇), what happened (●) and where it may really lie (├──┤, 95 %); ◆ where both meet. */
export function calibrationPlot(points: readonly ReliabilityPoint[]): string[] {
  const most = Math.max(...points.map((p) => Math.max(p.probability, p.high)));
  const top = niceAbove(most);
  const place = (share: number) => Math.round((share / top) * (WIDTH - 1));
  const lines = points.map((point) => {
    const cells = new Array<string>(WIDTH).fill(" ");
    const [low, high] = [place(point.low), place(point.high)];
    for (let k = low; k <= high; k++) cells[k] = "─";
    cells[low] = "├";
    cells[high] = "┤";
    const [said, happened] = [place(point.probability), place(point.rate)];
    cells[happened] = "●";
    cells[said] = said === happened ? "◆" : "◇";
    return `${percent(point.probability)}  ${percent(point.rate)}   ${cells.join("").trimEnd()}`;
  });
  const scale = `0 %${`${Math.round(top * 100)} %`.padStart(WIDTH - 3)}`;
  return [
    `   said  happened   ${scale}`,
    ...lines,
    "◇ said   ● happened   ◆ both   ├──┤ where the rate may really lie, 95 %",
  ];
}

/** One line a tenth: how many of all positives are found so far, beside what chance would find (│). */
export function gainPlot(steps: readonly GainStep[]): string[] {
  const lines = steps.map((step) => {
    const full = Math.round(step.found * WIDTH);
    const cells = [..."█".repeat(full).padEnd(WIDTH, " ")];
    const chance = Math.min(WIDTH - 1, Math.round(step.taken * WIDTH));
    if (chance >= full) cells[chance] = "│";
    return `${percent(step.taken)}  ${percent(step.found)}  ${step.lift.toFixed(1).padStart(4)}×  ${cells.join("").trimEnd()}`;
  });
  return [
    "  taken    found   lift",
    ...lines,
    "found: share of all positives · lift: how many times more than by chance",
  ];
}

/** The next of 1, 2, 5, 10, 20 … percent above a share. */
function niceAbove(share: number): number {
  for (const top of [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8]) if (share <= top) return top;
  return 1;
}
