/** Where the last number ended. Module state instead of an object a number: thousands are read in a request. */
let end = 0;

/** The place after the number that `scanNumber` read last. */
export const numberEnd = (): number => end;

/** Exact powers of ten. */
export const POWERS = Float64Array.from({ length: 16 }, (_, i) => 10 ** i);
/** Characters; longer ones are not sent on purpose. */
const LONGEST = 400;
const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;

/**
 * Reads a JSON number that begins at `at`: the same bits as `JSON.parse`.
 *
 * Up to 15 digits the number is a whole one below 2^53 divided by a power of ten up to 10^15; both are exact, so the one
 * division rounds as it must (Clinger 1990). Anything longer, or with an exponent, is read by the language.
 *
 * @returns NaN when there is no finite number at this place
 */
export function scanNumber(bytes: Uint8Array, at: number): number {
  const from = at;
  const negative = bytes[at] === 45;
  if (negative) at++;
  const first = at;
  let whole = 0;
  if (bytes[at] === 48) at++;
  else for (; isDigit(bytes[at]); at++) whole = whole * 10 + bytes[at] - 48;
  if (at === first || isDigit(bytes[at])) return Number.NaN;
  let digits = at - first;
  let decimals = 0;
  if (bytes[at] === 46) {
    const point = at++;
    for (; isDigit(bytes[at]); at++) whole = whole * 10 + bytes[at] - 48;
    decimals = at - point - 1;
    if (decimals === 0) return Number.NaN;
    digits += decimals;
  }
  const exponent = (bytes[at] | 32) === 101;
  if (exponent) {
    at++;
    if (bytes[at] === 43 || bytes[at] === 45) at++;
    const power = at;
    while (isDigit(bytes[at])) at++;
    if (at === power) return Number.NaN;
  }
  end = at;
  if (exponent || digits > 15) {
    // a number of a million digits would not fit among a function's arguments: the slow road reads it
    if (at - from > LONGEST) return Number.NaN;
    const value = Number(String.fromCharCode(...bytes.subarray(from, at)));
    return Number.isFinite(value) ? value : Number.NaN;
  }
  const value = decimals === 0 ? whole : whole / POWERS[decimals];
  return negative ? -value : value;
}
