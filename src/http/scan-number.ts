/** Where the last number ended. Module state instead of an object a number: thousands are read in a request. */
let end = 0;

/** The place after the number that `scanNumber` read last. */
export const numberEnd = (): number => end;

/** Exact powers of ten. */
const POWERS = Float64Array.from({ length: 16 }, (_, i) => 10 ** i);
/** Characters; longer ones are not sent on purpose. */
const LONGEST = 400;
const [ZERO, NINE, MINUS, POINT, LETTER_E] = [48, 57, 45, 46, 101];
const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE;

/**
 * Reads a JSON number that begins at `at`: the same bits as `JSON.parse`.
 *
 * Up to nine digits, which is how callers write, in whole numbers of 32 bits; the rest is for `scanLongNumber`.
 *
 * @returns NaN when there is no finite number at this place
 */
export function scanNumber(bytes: Uint8Array, at: number): number {
  const negative = bytes[at] === MINUS;
  const first = negative ? at + 1 : at;
  let next = first;
  let whole = 0;
  for (let digit = bytes[next] - ZERO; digit >= 0 && digit <= 9; digit = bytes[++next] - ZERO)
    whole = (whole * 10 + digit) | 0;
  let digits = next - first;
  if (digits === 0 || (digits > 1 && bytes[first] === ZERO)) return Number.NaN;
  let decimals = 0;
  if (bytes[next] === POINT) {
    const point = ++next;
    for (let digit = bytes[next] - ZERO; digit >= 0 && digit <= 9; digit = bytes[++next] - ZERO)
      whole = (whole * 10 + digit) | 0;
    decimals = next - point;
    if (decimals === 0) return Number.NaN;
    digits += decimals;
  }
  if (digits > 9 || (bytes[next] | 32) === LETTER_E) return scanLongNumber(bytes, at);
  end = next;
  const value = decimals === 0 ? whole : whole / POWERS[decimals];
  return negative ? -value : value;
}

/**
 * Up to 15 digits the number is a whole one below 2^53 divided by a power of ten up to 10^15; both are exact, so the one
 * division rounds as it must (Clinger 1990). Anything longer, or with an exponent, is read by the language.
 */
function scanLongNumber(bytes: Uint8Array, at: number): number {
  const negative = bytes[at] === MINUS;
  const first = negative ? at + 1 : at;
  let next = first;
  let whole = 0;
  for (; isDigit(bytes[next]); next++) whole = whole * 10 + bytes[next] - ZERO;
  let digits = next - first;
  let decimals = 0;
  if (bytes[next] === POINT) {
    const point = ++next;
    for (; isDigit(bytes[next]); next++) whole = whole * 10 + bytes[next] - ZERO;
    decimals = next - point;
    digits += decimals;
  }
  const exponent = (bytes[next] | 32) === LETTER_E;
  if (exponent) {
    next++;
    if (bytes[next] === 43 || bytes[next] === MINUS) next++;
    const power = next;
    while (isDigit(bytes[next])) next++;
    if (next === power) return Number.NaN;
  }
  end = next;
  if (exponent || digits > 15) {
    // a number of a million digits would not fit among a function's arguments: the slow road reads it
    if (next - at > LONGEST) return Number.NaN;
    const value = Number(String.fromCharCode(...bytes.subarray(at, next)));
    return Number.isFinite(value) ? value : Number.NaN;
  }
  const value = decimals === 0 ? whole : whole / POWERS[decimals];
  return negative ? -value : value;
}
