import type { Column, Json, Model, ModelState, Numbers } from "../model.ts";
import { refuseRow } from "../refuse.ts";

/** One model of a blend and how much of its log-odds is taken. */
export interface Member {
  readonly model: Model;
  /** Not below 0. */
  readonly weight: number;
}

export interface BlendModel extends Model {
  readonly members: readonly Member[];
  readonly intercept: number;
}

/**
 * A weighted sum of the log-odds of models on the same columns. Its base and contributions are the same sums of theirs,
 * so reasons stay as exact as the members'. Costs what all members cost.
 *
 * @throws TypeError without members, with members of other columns or of weights below 0
 */
export function blendModel(
  columns: readonly Column[],
  members: readonly Member[],
  intercept = 0,
  backend?: string,
): BlendModel {
  if (!members.length) throw new TypeError("wanted at least one model to blend, found none");
  for (const { model, weight } of members) {
    if (model.columns.length !== columns.length || model.columns.some(({ name }, j) => name !== columns[j].name))
      throw new TypeError(`wanted models of the same ${columns.length} columns, found a ${model.kind} of others`);
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw new TypeError(`wanted weights from 0, found ${weight} for a ${model.kind}`);
  }
  const part = new Float64Array(columns.length);
  return Object.freeze<BlendModel>({
    kind: "blend",
    columns,
    members,
    intercept,
    ...(backend && { backend }),
    margin(row: Float64Array) {
      refuseRow(columns, row.length);
      let sum = intercept;
      for (const { model, weight } of members) sum += weight * model.margin(row);
      return sum;
    },
    margins(values: readonly Numbers[], rows: number) {
      refuseRow(columns, values.length);
      const out = new Float64Array(rows).fill(intercept);
      for (const { model, weight } of members) {
        const margins = model.margins(values, rows);
        for (let i = 0; i < rows; i++) out[i] += weight * margins[i];
      }
      return out;
    },
    contributions(row: Float64Array, out: Float64Array) {
      refuseRow(columns, row.length);
      out.fill(0);
      let base = intercept;
      for (const { model, weight } of members) {
        base += weight * model.contributions(row, part);
        for (let j = 0; j < part.length; j++) out[j] += weight * part[j];
      }
      return base;
    },
    /** The members' states nested: their blobs carry the member's place before their own name, "0-trees". */
    save(): ModelState {
      const states = members.map(({ model }) => model.save());
      return {
        kind: "blend",
        meta: {
          intercept,
          members: states.map(
            ({ kind, meta, blobs }, k): Json => ({
              kind,
              weight: members[k].weight,
              meta,
              blobs: Object.keys(blobs ?? {}),
            }),
          ),
        },
        blobs: Object.fromEntries(
          states.flatMap(({ blobs = {} }, k) => Object.entries(blobs).map(([name, bytes]) => [`${k}-${name}`, bytes])),
        ),
      };
    },
  });
}

type Load = (columns: readonly Column[], state: ModelState) => Model;

/**
 * @param load wakes up a member by its kind
 * @throws TypeError when the state is not of a blend of models with these columns, or is damaged
 */
export function loadBlend(columns: readonly Column[], state: ModelState, load: Load): BlendModel {
  const meta = state.meta as { intercept?: unknown; members?: unknown } | null;
  if (state.kind !== "blend" || typeof meta?.intercept !== "number" || !Array.isArray(meta.members))
    throw new TypeError(`wanted the state of a blend, found "${state.kind}"`);
  const members = meta.members.map(
    (member: { kind: string; weight: number; meta: Json; blobs: string[] }, k): Member => {
      const blobs = member.blobs.map((name): [string, Uint8Array] => {
        const bytes = state.blobs?.[`${k}-${name}`];
        if (!bytes) throw new TypeError(`wanted the blob "${k}-${name}" of the blend's ${member.kind}, found none`);
        return [name, bytes];
      });
      const own: ModelState = {
        kind: member.kind,
        meta: member.meta,
        ...(blobs.length && { blobs: Object.fromEntries(blobs) }),
      };
      return { model: load(columns, own), weight: member.weight };
    },
  );
  return blendModel(columns, members, meta.intercept);
}
