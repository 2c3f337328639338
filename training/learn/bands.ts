import { logistic } from "../../models/math/logistic.ts";
import { logit } from "../../models/math/logit.ts";
import type { Manifest } from "../../src/scoring/artifact.ts";

/** Odds against the average that begin the medium and the high band. */
const MEDIUM = 0.5;
const HIGH = 2;

/**
 * Bands that mean the same for every model and version: `low` below half the average odds, `high` from twice the
 * average odds, `medium` between. With a base rate of 10 % high begins at 18 %, with 50 % at 67 %.
 */
export function defaultBands(baseRate: number): Manifest["bands"] {
  const at = (odds: number) => logistic(logit(baseRate) + Math.log(odds));
  return [
    { name: "low", from: 0 },
    { name: "medium", from: at(MEDIUM) },
    { name: "high", from: at(HIGH) },
  ];
}
