import { loadBlend } from "./blend/blend-model.ts";
import { loadConstant } from "./constant/constant.ts";
import { loadGbdt } from "./gbdt/model.ts";
import type { Column, Model, ModelState } from "./model.ts";
import { loadLogistic } from "./net/logistic-model.ts";
import { loadNet } from "./net/net-model.ts";

type Load = (columns: readonly Column[], state: ModelState) => Model;

/** How each kind of model wakes up. Nothing here needs a learner, so serving carries none. */
const LOADERS: Readonly<Record<string, Load>> = {
  blend: (columns, state) => loadBlend(columns, state, (own, member) => loadModel(member.kind, own, member)),
  constant: loadConstant,
  gbdt: loadGbdt,
  logistic: loadLogistic,
  net: loadNet,
};

/** The model that `save` put away, answer for answer. @throws TypeError when the kind or the columns do not fit */
export function loadModel(kind: string, columns: readonly Column[], state: ModelState): Model {
  const load = Object.hasOwn(LOADERS, kind) ? LOADERS[kind] : undefined;
  if (!load) throw new TypeError(`wanted one of the kinds ${Object.keys(LOADERS).join(", ")}, found "${kind}"`);
  return load(columns, state);
}
