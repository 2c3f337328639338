import type { Dataset, Numbers } from "../../models/model.ts";

/** The names of the columns that say the same, or missing, in every row. An array that several share is read once. */
export function constantColumns({ columns, values }: Pick<Dataset, "columns" | "values">): string[] {
  const known = new Map<Numbers, boolean>();
  for (const column of values) if (!known.has(column)) known.set(column, isConstant(column));
  return columns.filter((_, j) => known.get(values[j])).map(({ name }) => name);
}

function isConstant(values: Numbers): boolean {
  for (let i = 1; i < values.length; i++) if (!Object.is(values[i], values[0])) return false;
  return true;
}
