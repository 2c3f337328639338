import { PortraitError } from "../../src/errors.ts";
import { editDistance } from "../../src/stores/disk/nearest-names.ts";

/** The names most like a misspelt one, best first: those that hold it or are held by it, then by edit distance. */
export function nearestNames(wanted: string, names: readonly string[], count = 3): string[] {
  const low = wanted.toLowerCase();
  const distance = (name: string) => {
    const other = name.toLowerCase();
    const within =
      Math.min(low.length, other.length) > 2 && (other.includes(low) || low.includes(other)) ? 1 : undefined;
    return within ?? editDistance(low, other);
  };
  return names
    .map((name) => ({ name, far: distance(name) }))
    .filter(({ name, far }) => far <= Math.max(1, Math.floor(Math.max(wanted.length, name.length) / 2)))
    .sort((a, b) => a.far - b.far)
    .slice(0, count)
    .map(({ name }) => name);
}

/** @throws PortraitError COLUMN_UNKNOWN naming every wrong name and the ones it may have meant. */
export function refuseUnknownNames(option: string, wanted: readonly string[], names: readonly string[]): void {
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length === 0) return;
  const words = unknown.map((name) => {
    const near = nearestNames(name, names);
    return near.length ? `${name} (did you mean ${near.join(", ")}?)` : name;
  });
  const all = names.length <= 40 ? ` The table has ${names.join(", ")}.` : ` The table has ${names.length} columns.`;
  throw new PortraitError(
    "COLUMN_UNKNOWN",
    `Wanted columns of the table in ${option}, found ${words.join("; ")}.${all}`,
    {
      unknown,
    },
  );
}
