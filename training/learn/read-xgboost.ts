import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fromXgboost, xgboostNames, xgboostVersion } from "../../models/gbdt/xgboost.ts";
import type { Column, Model } from "../../models/model.ts";
import { PortraitError } from "../../src/errors.ts";
import type { Effort } from "./learned.ts";

/**
 * Reads a model that XGBoost saved as JSON, to be calibrated, judged and stored like one of ours (`Effort.ready`).
 *
 * @throws FILE_UNREADABLE when there is no such file, it is damaged, or it holds what is not supported (and, once the columns
 *   are known, when it splits one of another type); COLUMN_UNKNOWN when it wants columns that the rows do not have
 */
export async function readXgboost(file: string): Promise<NonNullable<Effort["ready"]>> {
  const name = basename(file);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new PortraitError("FILE_UNREADABLE", `Wanted a model in ${file}, could not read it (${error.code}).`, {
      file,
    });
  });
  named(name, () => fromXgboost(text));
  return (columns: readonly Column[]): Model =>
    named(name, () => {
      const has = new Set(columns.flatMap((column) => [column.name, column.name.replace(/[[\]<~]/g, "_")]));
      const unknown = xgboostNames(text)?.filter((wanted) => !has.has(wanted)) ?? [];
      if (unknown.length)
        throw new PortraitError(
          "COLUMN_UNKNOWN",
          `${name} wants the columns ${unknown.join(", ")}, which the rows do not have. They have ${columns.map((column) => column.name).join(", ")}.`,
          { unknown },
        );
      return { ...fromXgboost(text, columns), backend: xgboostVersion(text) };
    });
}

function named<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new PortraitError("FILE_UNREADABLE", `${file} cannot be used. ${error.message}.`, { file }, error);
  }
}
