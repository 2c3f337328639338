import { z } from "zod";
import { PortraitError } from "../errors.ts";
import type { Property } from "../events/event.ts";
import type { ScoreRequest } from "../scoring/score.ts";
import { ModelName, PROPERTIES_LIMIT } from "./schemas.ts";
import { REASONS_LIMIT } from "./score-body.ts";

/** Rows of one model under one line of names: half as long as the same as a list of requests. */
export const TableBody = z
  .strictObject({
    model: ModelName,
    columns: z
      .array(z.string())
      .max(PROPERTIES_LIMIT)
      .refine((names) => new Set(names).size === names.length, "wanted each column once")
      .refine((names) => !names.includes("__proto__"), 'a column "__proto__" is not taken'),
    rows: z
      .array(z.unknown())
      .meta({ description: "A list of cells for each, in the order of columns; null = missing" }),
    reasons: z.int().min(0).max(REASONS_LIMIT).optional(),
    receipt: z.enum(["kept", "none"]).optional(),
  })
  .meta({ description: "Features of many, for one model: names once, then a row for each" });

/** Whether a body wants to be one. */
export const isTable = (body: unknown): boolean =>
  typeof body === "object" && body !== null && !Array.isArray(body) && "rows" in body;

/** The row as a request of its own. @throws PortraitError INPUT_INVALID when it is no row of these columns */
export function requestOfRow(
  { model, columns, reasons, receipt }: z.output<typeof TableBody>,
  row: unknown,
): ScoreRequest {
  if (!Array.isArray(row) || row.length !== columns.length)
    throw new PortraitError(
      "INPUT_INVALID",
      `Wanted a list of ${columns.length} cells, one for each column, found ${Array.isArray(row) ? `${row.length}` : `a ${typeof row}`}.`,
    );
  const features: Record<string, Property> = {};
  row.forEach((cell, j) => {
    if (typeof cell === "object" && cell !== null)
      throw new PortraitError(
        "INPUT_INVALID",
        `Wanted a text, a number, true, false or null for the column ${j + 1}, found a list or an object.`,
      );
    if (cell !== null) features[columns[j]] = cell;
  });
  return { models: [model], features, reasons, receipt };
}
