import type { ScoreAnswer, ScoreView } from "../scoring/score.ts";

/** Versions and bands are few, and the same again and again. */
const REMEMBERED = 1_000;
const quoted = new Map<string, string>();
function quote(text: string): string {
  const known = quoted.get(text);
  if (known !== undefined) return known;
  if (quoted.size >= REMEMBERED) quoted.clear();
  const made = JSON.stringify(text);
  quoted.set(text, made);
  return made;
}

/** An answer as `JSON.stringify` writes it, byte for byte, in a third of the time. */
export function answerText({ entity, at, scores, receipt, missing }: ScoreAnswer): string {
  let text = entity
    ? `{"entity":${JSON.stringify(entity)},"at":${quote(at)},"scores":{`
    : `{"at":${quote(at)},"scores":{`;
  let first = true;
  for (const model in scores) {
    text += `${first ? "" : ","}${quote(model)}:${viewText(scores[model])}`;
    first = false;
  }
  text += "}";
  if (receipt !== undefined) text += `,"receipt":"${receipt}"`; // an id of letters and digits
  if (missing !== undefined) text += `,"missing":${JSON.stringify(missing)}`;
  return `${text}}`;
}

function viewText({ probability, percentile, band, version, unusual, base, reasons }: ScoreView): string {
  let text = `{"probability":${probability}`;
  if (percentile !== undefined) text += `,"percentile":${percentile}`;
  text += `,"band":${quote(band)},"version":${quote(version)}`;
  if (unusual !== undefined) text += `,"unusual":${JSON.stringify(unusual)}`;
  if (base !== undefined) text += `,"base":${base}`;
  if (reasons !== undefined) text += `,"reasons":${JSON.stringify(reasons)}`;
  return `${text}}`;
}
