import type { Column, Dataset, Model, Numbers } from "../../models/model.ts";

/**
 * What an older model says of rows that were made for a newer one: columns by name, categories by their text, so
 * that a changed order or a grown vocabulary does not matter. A category that the older model never saw is missing.
 *
 * @returns log-odds by row, or the name of the first column that the rows no longer have or hold with another type.
 */
export function marginsOn(model: Model, data: Dataset): Float64Array | { readonly missing: string } {
  const values: Numbers[] = [];
  for (const column of model.columns) {
    const j = data.columns.findIndex(({ name }) => name === column.name);
    if (j < 0 || data.columns[j].type !== column.type) return { missing: column.name };
    values.push(translate(data.values[j], data.columns[j], column));
  }
  return model.margins(values, data.rows);
}

function translate(values: Numbers, from: Column, to: Column): Numbers {
  if (from.type !== "category" || to.type !== "category") return values;
  const places = from.categories.map((category) => to.categories.indexOf(category));
  if (places.every((place, i) => place === i)) return values;
  return Float64Array.from(values, (value) => {
    const place = Number.isNaN(value) ? -1 : (places[value] ?? -1);
    return place < 0 ? Number.NaN : place;
  });
}
