import { PortraitError } from "../errors.ts";
import type { Row } from "../features/feature.ts";
import { createJoint, kindsRead } from "../features/joint.ts";
import type { Reducers } from "../features/reducers.ts";
import { createRowEncoder, type Fields, featureRead } from "./encode-row.ts";
import type { Scorer } from "./scorer.ts";

/** A version's row out of the reading of its entity, those of the others that the event in flight touches, by kind, and the event's own fields. */
export type StateEncoder = (own: Row, others: ReadonlyMap<string, Row>, fields?: Fields) => Float64Array;

/**
 * The encoder of a version that reads states of entities of this kind.
 *
 * @throws PortraitError MODEL_INPUT_MISMATCH when it was trained on other catalogues: features of the same name may
 * then mean something else.
 */
export function createStateEncoder(scorer: Scorer, reducers: Reducers, kind: string): StateEncoder {
  const names = scorer.columns.flatMap(({ name }) => featureRead(name) ?? []);
  const joint = createJoint(reducers, kind, kindsRead(reducers.kinds, names));
  const { source } = scorer.manifest;
  if (source.type === "recipe" && source.catalogue !== joint.digest) {
    throw new PortraitError(
      "MODEL_INPUT_MISMATCH",
      `Version ${scorer.version} of ${scorer.name} was trained on another feature catalogue than the one in use. ` +
        "Retrain it, or score by features.",
      { model: scorer.name, version: scorer.version },
    );
  }
  const encode = createRowEncoder(scorer.columns, joint.features);
  if (joint.seconds.length === 0) return (own, _others, fields) => encode(own, fields);
  return (own, others, fields) =>
    encode(joint.join([own, ...joint.seconds.map(({ name }) => others.get(name))]), fields);
}
