import { createHash } from "node:crypto";
import type { EntityRef, Event } from "../events/event.ts";
import { type EntityKind, secondEntities } from "./entity-kinds.ts";
import type { FeatureFace, Row } from "./feature.ts";
import type { Reducers } from "./reducers.ts";

/** The name that a feature of a second entity has beside those of the first: `terminal.reports_28d`. */
export const jointName = (kind: string, feature: string): string => `${kind}.${feature}`;

/** What is read together: an entity of `kind`, and of each of `seconds` the entity that the event in flight touches. */
export interface Joint {
  readonly kind: string;
  readonly seconds: readonly EntityKind[];
  /** The features of the first entity, then kind by kind those of the seconds under their joint names. */
  readonly features: readonly FeatureFace[];
  /** Of all catalogues that are read; that of the first entity's alone when there are no seconds. */
  readonly digest: string;
  /**
   * One reading of all of them: rows in the order of first entity, then `seconds`; undefined where the event touches
   * none. Answers the first row itself when it is alone. What an absent entity would say is missing.
   */
  join(rows: readonly (Row | undefined)[]): Row;
}

export function createJoint(reducers: Reducers, kind: string, seconds: readonly EntityKind[]): Joint {
  const own = reducers.of(kind);
  if (seconds.length === 0)
    return {
      kind,
      seconds,
      features: own.features,
      digest: own.digest,
      join: ([row]) => row ?? { numbers: new Float64Array(0), texts: [] },
    };
  const faces = [own.features, ...seconds.map(({ name }) => named(name, reducers.of(name).features))];
  const widths = faces.map((some) => ({ numbers: countOf(some, "number"), texts: countOf(some, "category") }));
  const numbers = widths.reduce((sum, width) => sum + width.numbers, 0);
  const parts = seconds.map(({ name, from }) => [name, from, reducers.of(name).digest]);
  return {
    kind,
    seconds,
    features: faces.flat(),
    digest: createHash("sha256")
      .update(JSON.stringify([own.digest, ...parts]))
      .digest("hex"),
    join(rows) {
      const joint: Row = { numbers: new Float64Array(numbers).fill(Number.NaN), texts: [] };
      let at = 0;
      widths.forEach((width, i) => {
        const row = rows[i];
        if (row) joint.numbers.set(row.numbers, at);
        at += width.numbers;
        for (let j = 0; j < width.texts; j++) joint.texts.push(row?.texts[j]);
      });
      return joint;
    },
  };
}

/** Of each kind the entity that the event touches, in the order of the kinds; undefined where it touches none. */
export function touched(
  kinds: readonly Pick<EntityKind, "name" | "from">[],
  event: Pick<Event, "entity" | "properties">,
): (EntityRef | undefined)[] {
  return kinds.map((kind) => secondEntities([kind], event)[0]);
}

/** Those of the kinds that a column of one of these names reads. */
export const kindsRead = (kinds: readonly EntityKind[], names: readonly string[]): EntityKind[] =>
  kinds.filter(({ name }) => names.some((one) => one.startsWith(jointName(name, ""))));

const named = (kind: string, faces: readonly FeatureFace[]): FeatureFace[] =>
  faces.map((face) => ({ ...face, name: jointName(kind, face.name), about: `${face.about} (${kind})` }));

const countOf = (faces: readonly FeatureFace[], type: FeatureFace["type"]) =>
  faces.filter((face) => face.type === type).length;
