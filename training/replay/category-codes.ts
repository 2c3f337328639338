import type { Numbers } from "../../models/model.ts";
import { commonest } from "./columns.ts";

/** The texts of one column, as numbers until all of them are known. */
export interface CategoryCodes {
  /** NaN for a missing one. */
  codeOf(text: string | undefined): number;
  /** The levels, commonest first, and each row's place among them; NaN where missing or too rare. */
  levelsOf(codes: Numbers): { readonly levels: readonly string[]; readonly values: Numbers };
}

/** Each distinct text is kept once. A text that comes twice in a row, as those of one entity do, is not looked up. */
export function createCategoryCodes(): CategoryCodes {
  const codes = new Map<string, number>();
  let [last, lastCode]: [string | undefined, number] = [undefined, Number.NaN];
  return {
    codeOf(text) {
      if (text === last) return lastCode;
      last = text;
      lastCode = text === undefined ? Number.NaN : placeOf(codes, text);
      return lastCode;
    },
    levelsOf(rows) {
      const counts = new Uint32Array(codes.size);
      if (codes.size > 0) for (let i = 0; i < rows.length; i++) if (!Number.isNaN(rows[i])) counts[rows[i]]++;
      const texts = [...codes.keys()];
      const seen = texts.flatMap((text, code): [string, number][] => (counts[code] > 0 ? [[text, counts[code]]] : []));
      const levels = commonest(new Map(seen));
      const ranks = new Map(levels.map((text, rank) => [text, rank]));
      const rankOf = Float32Array.from(texts, (text) => ranks.get(text) ?? Number.NaN);
      if (rankOf.every((rank, code) => rank === code)) return { levels, values: rows };
      const values = new Float32Array(rows.length); // ranks are small
      for (let i = 0; i < rows.length; i++) values[i] = Number.isNaN(rows[i]) ? Number.NaN : rankOf[rows[i]];
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
