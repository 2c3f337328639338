/** A text as an SQL literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A name as an SQL identifier. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A path as DuckDB reads it: the signs of a pattern taken by their letter. */
export const pathLiteral = (path: string): string => literal(path.replace(/[[*?]/g, "[$&]"));
