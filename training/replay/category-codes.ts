import { commonest } from "./columns.ts";

/** The texts of one column, as numbers until all of them are known. */
export interface CategoryCodes {
  /** −1 for a missing one. */
  codeOf(text: string | undefined): number;
  /** The levels, commonest first, and each row's place among them; NaN where missing or too rare. */
  levelsOf(codes: Int32Array): { readonly levels: readonly string[]; readonly values: Float64Array };
}

const MISSING = -1;

/** Each distinct text is kept once. A text that comes twice in a row, as those of one entity do, is not looked up. */
export function createCategoryCodes(): CategoryCodes {
  const codes = new Map<string, number>();
  let [last, lastCode]: [string | undefined, number] = [undefined, MISSING];
  return {
    codeOf(text) {
      if (text === last) return lastCode;
      last = text;
      lastCode = text === undefined ? MISSING : placeOf(codes, text);
      return lastCode;
    },
    levelsOf(rows) {
      const counts = new Uint32Array(codes.size);
      for (let i = 0; i < rows.length; i++) if (rows[i] !== MISSING) counts[rows[i]]++;
      const texts = [...codes.keys()];
      const seen = texts.flatMap((text, code): [string, number][] => (counts[code] > 0 ? [[text, counts[code]]] : []));
      const levels = commonest(new Map(seen));
      const ranks = new Map(levels.map((text, rank) => [text, rank]));
      const rankOf = Float64Array.from(texts, (text) => ranks.get(text) ?? Number.NaN);
      const values = new Float64Array(rows.length);
      for (let i = 0; i < rows.length; i++) values[i] = rows[i] === MISSING ? Number.NaN : rankOf[rows[i]];
      return { levels, values };
    },
  };
}

function placeOf(codes: Map<string, number>, text: string): number {
  const known = codes.get(text);
  if (known !== undefined) return known;
  codes.set(text, codes.size);
  return codes.size - 1;
}
