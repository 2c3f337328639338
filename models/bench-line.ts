/** One number that a bench reports, beside what was wanted of it. */
export interface BenchLine {
  /** What was measured, against whom, on what. */
  readonly name: string;
  /** The median of `runs`. */
  readonly value: number;
  readonly goal?: number;
  readonly better: "lower" | "higher";
  readonly runs: readonly number[];
}

/** What a bench is given: where to say things, how often to repeat, and what else stood on the command line. */
export interface BenchContext {
  readonly say: (line: string) => void;
  readonly runs: number;
  readonly options: Readonly<Record<string, string>>;
}

/** A file `<name>.bench.ts` exports one of these as `bench`. */
export type Bench = (context: BenchContext) => Promise<readonly BenchLine[]>;

/** A line from its runs. */
export function benchLine(name: string, runs: readonly number[], better: "lower" | "higher", goal?: number): BenchLine {
  const sorted = [...runs].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const value = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { name, value, ...(goal !== undefined && { goal }), better, runs };
}
