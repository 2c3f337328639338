import type { Manifest, MetricSet } from "../../src/scoring/artifact.ts";
import type { Learned } from "../learn/learned.ts";

type Face = Omit<Manifest, "files" | "seal">;

const percent = (share: number | null, digits = 1) => (share === null ? "–" : `${(100 * share).toFixed(digits)} %`);
const number = (value: number | null | undefined) => (value === null || value === undefined ? "–" : value.toFixed(4));
const count = (value: number) => value.toLocaleString("en-US");

/** The model card: what a version is, for whom, on what it rests and where it ends. Markdown for people. */
export function modelCard(learned: Learned, face: Face): string {
  const own = learned.metrics[face.kind];
  return `# ${face.model}, version ${face.version}

**What it says.** ${what(face)} The answer is a probability with its rank among the rows it was chosen on, a band and exact reasons.

**For whom.** Rows like those it learned from: ${where(face)}. It knows ${face.columns.length} columns and refuses rows without them; a missing value is allowed everywhere.

**How it was made.** Learner \`${face.kind}\`${face.code.backend ? ` on ${face.code.backend}` : ""}, seed ${face.seed}, portrait ${face.code.portrait}, ${face.createdAt}. ${learned.why}.

## Rows

| part | rows |
|---|---:|
| to fit | ${count(face.parts.fit)} |
| to choose and calibrate | ${count(face.parts.choose)} |
| to test, read once | ${count(face.parts.test)} |

Cut ${face.parts.by === "time" ? "by time: the test rows are the newest" : "by chance, both outcomes dealt evenly"}.${(learned.notes ?? []).map((note) => `\n${note}`).join("")}

## On the test rows

| | AUC | average precision | log loss | Brier | calibration error | KS |
|---|---:|---:|---:|---:|---:|---:|
${Object.entries(learned.metrics).map(metricRow).join("\n")}

${own ? verdict(own) : ""}

## Calibration

${learned.calibrationWhy ?? face.calibration.kind}.

## Strongest columns

${(learned.strength ?? [])
  .filter((s) => s.mean > 0)
  .slice(0, 10)
  .map((s) => `- \`${s.column}\`: ${percent(s.share, 0)} of all movement; ${s.words}`)
  .join("\n")}

## Bands

${face.bands.map((band) => `- **${band.name}** from ${percent(band.from)}`).join("\n")}

## Limits

- It describes what went together in these rows, not causes: changing a column by hand need not change the outcome.
- It was judged on rows of the same origin${face.parts.by === "time" ? ", later in time" : " and time"}. Where people, prices or rules change, judge it again.
- ${own ? `The test holds ${count(own.positives)} positive rows; its AUC is known only to between ${number(own.aucLow)} and ${number(own.aucHigh)} (95 %).` : "It was not judged."}
- Whether it treats groups of people alike was not examined.
`;
}

function what({ source }: Face): string {
  return source.type === "table"
    ? `How probable it is that \`${source.label}\` is \`${source.positive}\`.`
    : `How probable the target of the recipe \`${source.recipe}\` is for a ${source.entity}.`;
}

function where({ source }: Face): string {
  if (source.type === "table") return `the table \`${source.file}\` (sha256 ${source.sha256.slice(0, 12)}…)`;
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return `${count(source.log.events)} events from ${day(source.log.from)} to ${day(source.log.until)}`;
}

const metricRow = ([name, m]: [string, MetricSet]) =>
  `| ${name} | ${number(m.auc)} | ${number(m.averagePrecision)} | ${number(m.logLoss)} | ${number(m.brier)} | ${number(m.ece)} | ${number(m.ks)} |`;

function verdict({ ece, eceLimit, positives, rows }: MetricSet): string {
  const base = `Base rate ${percent(positives / rows)} of ${count(rows)} rows.`;
  if (ece === null || eceLimit === null || eceLimit === undefined) return base;
  const holds = ece <= eceLimit;
  return `${base} A perfectly calibrated model would show a calibration error up to ${number(eceLimit)} on as many rows: ${
    holds
      ? "the probabilities mean what they say, as far as these rows can tell"
      : "here it is larger, so read the probabilities with care"
  }.`;
}
