import { BOOLEANS } from "./cells.ts";
import type { ColumnFacts } from "./column-facts.ts";
import type { DateFormat } from "./dates.ts";

/** What a column of a table is taken for, and in words why. */
export type Inferred = { readonly why: string } & (
  | { readonly type: "number" | "boolean" | "category" }
  | { readonly type: "date"; readonly format: DateFormat }
  /** Names one row rather than describing it: a key, a counter, free text. */
  | { readonly type: "identifier" | "text" }
  | { readonly type: "empty" | "nested" | "scattered" }
);

/** Share of the filled rows that must read as a type. */
const MOSTLY = 0.99;
/** A category whose known values cover less than this of its rows says next to nothing. */
const COVER = 0.05;

/**
 * What a column is, from what was counted in it.
 *
 * @param wish "category" or "keep" when the user named the column: a category by decree, or not to be called an identifier
 */
export function inferType(facts: ColumnFacts, wish?: "category" | "keep"): Inferred {
  const { source, filled, distinct, top } = facts;
  if (source.holds === "nested") return { type: "nested", why: "lists and structures cannot be learned from" };
  if (filled === 0) return { type: "empty", why: "every row is missing" };
  if (wish === "category") return category(facts, true);
  if (isBoolean(facts)) return { type: "boolean", why: `two values: ${top.map(({ value }) => value).join(", ")}` };

  const date = dateFormat(facts);
  if (date) return date;
  const isNumber =
    facts.numbers >= MOSTLY * filled && facts.zeroLed === 0 && !(facts.numbers < filled && distinct <= 30);
  if (isNumber) {
    const key = wish === "keep" ? undefined : numericKey(facts);
    if (key) return { type: "identifier", why: key };
    const odd = filled - facts.numbers;
    return { type: "number", why: odd ? `numbers; ${odd} that are none count as missing` : "numbers" };
  }
  return category(facts, wish === "keep");
}

function isBoolean({ source, distinct, top }: ColumnFacts): boolean {
  if (source.holds === "boolean") return true;
  if (distinct > 4) return false;
  const words = new Set(top.map(({ value }) => value.toLowerCase()));
  return words.size === 2 && BOOLEANS.some((pair) => pair.every((word) => words.has(word)));
}

function dateFormat({ source, filled, distinct, dates, numbers }: ColumnFacts): Inferred | undefined {
  if (source.holds === "date") return { type: "date", format: "iso", why: "dates" };
  const [format, count] = (Object.entries(dates) as [DateFormat, number][]).reduce(
    (best, next) => (next[1] > best[1] ? next : best),
    ["iso", 0],
  );
  if (count < MOSTLY * filled || (numbers === filled && (count < filled || distinct < 3))) return undefined;
  const either = dates["dd/mm/yyyy"] === dates["mm/dd/yyyy"] && dates["dd/mm/yyyy"] === count;
  return {
    type: "date",
    format,
    why: either ? "dates; day and month could be either way round, read as dd/mm/yyyy" : `dates, written ${format}`,
  };
}

const NAMED_KEY =
  /(^|[_\s.-])(?:[iI][dD]|KEY|[kK]ey|UUID|[uU]uid|[gG]uid|IBAN|[iI]ban|[pP]hone|[eE]-?[mM]ail)s?$|[a-z](ID|Id|Key|UUID)$/;

/** Why whole numbers look like a key rather than an amount. */
function numericKey({ source, rows, filled, distinct, wholes, min, max }: ColumnFacts): string | undefined {
  if (wholes < filled || filled < 20) return undefined;
  const unique = distinct === filled && filled === rows;
  if (unique && max - min === rows - 1) return `counts the rows from ${min} to ${max}`;
  if (NAMED_KEY.test(source.name) && distinct > 50)
    return `an identifier by its name, with ${many(distinct)} different values`;
  return undefined;
}

function category({ source, filled, distinct, length, top }: ColumnFacts, keep: boolean): Inferred {
  if (!keep && filled >= 20 && distinct > 0.5 * filled) {
    return length > 30
      ? { type: "text", why: `free text, ${many(distinct)} different in ${many(filled)} rows` }
      : { type: "identifier", why: `${many(distinct)} different texts in ${many(filled)} rows` };
  }
  if (!keep && NAMED_KEY.test(source.name) && distinct > 50)
    return { type: "identifier", why: `an identifier by its name, with ${many(distinct)} different values` };
  const cover = top.reduce((sum, { count }) => sum + count, 0) / filled;
  if (!keep && cover < COVER)
    return {
      type: "scattered",
      why: `${many(distinct)} different values; the ${top.length} commonest cover only ${(100 * cover).toFixed(1)} % of the rows`,
    };
  return {
    type: "category",
    why:
      distinct > top.length
        ? `${many(distinct)} different values; the ${top.length} commonest (${(100 * cover).toFixed(0)} % of the rows) are told apart`
        : `${many(distinct)} different ${distinct === 1 ? "value" : "values"}`,
  };
}

const many = (n: number) => n.toLocaleString("en-US");
