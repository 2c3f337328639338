/**
 * How one column becomes numbers that a linear model can weigh. Plain data, made from the rows that fit.
 *
 * - `none`: the column says nothing (constant or empty) and takes no place.
 * - `number`: `t` = signed log of the value over `log` when heavily skewed (else the value), cut to [low, high];
 *   `z` = (t − centre) / spread; then `z` itself and one hinge max(0, z − knot) for each knot. Straight lines
 *   bent at the knots: any smooth curve, still exact per column. `missing` adds a mark for absent values.
 * - `levels`: one place for each frequent level of a category or boolean; `place[level]` is −1 for a level that was
 *   never seen. Rare levels share a place (`rare`), and missing values have their own (`missing`); −1 when there is none.
 */
export type ColumnBasis =
  | { readonly type: "none" }
  | {
      readonly type: "number";
      /** 0 = no log. */
      readonly log: number;
      readonly low: number;
      readonly high: number;
      readonly centre: number;
      readonly spread: number;
      /** Ascending, in units of z. */
      readonly knots: readonly number[];
      readonly missing: boolean;
    }
  | {
      readonly type: "levels";
      readonly places: number;
      readonly place: readonly number[];
      readonly rare: number;
      readonly missing: number;
    };

/** How many numbers the column becomes. */
export function widthOf(basis: ColumnBasis): number {
  switch (basis.type) {
    case "none":
      return 0;
    case "number":
      return 1 + basis.knots.length + (basis.missing ? 1 : 0);
    case "levels":
      return basis.places;
  }
}

/** sign(x) · ln(1 + |x| / scale), or x itself for scale 0. */
export const signedLog = (x: number, scale: number): number =>
  scale === 0 ? x : Math.sign(x) * Math.log1p(Math.abs(x) / scale);

/** A number as the basis sees it before standardising; NaN stays NaN. */
export function bend(basis: { readonly log: number; readonly low: number; readonly high: number }, x: number): number {
  const t = signedLog(x, basis.log);
  return t < basis.low ? basis.low : t > basis.high ? basis.high : t;
}

/**
 * The place of a level, −1 for none. A missing value, or a level that was not seen, goes to the place of missing
 * values; without one, to the rare levels; without those, nowhere, which reads as the average row.
 */
export function placeOf(basis: Extract<ColumnBasis, { type: "levels" }>, level: number): number {
  const place = Number.isNaN(level) ? -1 : (basis.place[level] ?? -1);
  if (place >= 0) return place;
  return basis.missing >= 0 ? basis.missing : basis.rare;
}
