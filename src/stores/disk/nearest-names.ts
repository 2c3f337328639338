/** Fewest insertions, deletions and replacements that turn `a` into `b` (Levenshtein 1966). O(|a| · |b|). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length];
}

/** The names that someone who wrote `wanted` may have meant, nearest first; none that shares too little with it. */
export function nearestNames(wanted: string, known: readonly string[], count = 3): string[] {
  return known
    .map((name) => ({ name, away: editDistance(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, away }) => away <= Math.max(2, Math.ceil(Math.max(wanted.length, name.length) / 3)))
    .sort((a, b) => a.away - b.away || a.name.localeCompare(b.name))
    .slice(0, count)
    .map(({ name }) => name);
}
