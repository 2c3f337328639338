/**
 * Compares texts as their bytes in UTF-8 do, which is how DuckDB sorts them; negative when `a` comes first.
 *
 * JavaScript compares UTF-16: there the halves of what lies above U+FFFF come before U+E000 … U+FFFF.
 */
export function compareUtf8(a: string, b: string): number {
  const both = Math.min(a.length, b.length);
  for (let i = 0; i < both; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rankOf(x) - rankOf(y);
  }
  return a.length - b.length;
}

/** Whether nothing in a text stands at or above those halves: JavaScript orders such texts as their bytes are. */
export function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= FIRST_HALF) return false;
  return true;
}

const FIRST_HALF = 0xd800;
const AFTER_HALVES = 0xe000;
const ABOVE_ALL = 0x1_0000;

const rankOf = (unit: number): number => (unit >= FIRST_HALF && unit < AFTER_HALVES ? unit + ABOVE_ALL : unit);
