import { PortraitError } from "../errors.ts";
import type { Property } from "../events/event.ts";
import type { Reducers } from "../features/reducers.ts";
import { createInlineEncoder } from "./encode-row.ts";
import type { Scorer } from "./scorer.ts";
import { createStateEncoder, type StateEncoder } from "./state-encoder.ts";

/** Encoders of each scorer, made when it is first asked: a champion lives long, a request does not. */
export function createEncoders(reducers: Reducers) {
  const ofState = new WeakMap<Scorer, StateEncoder>();
  const ofInline = new WeakMap<Scorer, ReturnType<typeof createInlineEncoder>>();
  const inline = (scorer: Scorer) => {
    const encoder = ofInline.get(scorer) ?? createInlineEncoder(scorer.columns);
    ofInline.set(scorer, encoder);
    return encoder;
  };
  return {
    /** A model judges entities of one kind, so there is one encoder for each. */
    ofState(scorer: Scorer, kind: string): StateEncoder {
      const made = ofState.get(scorer);
      if (made) return made;
      const encoder = createStateEncoder(scorer, reducers, kind);
      ofState.set(scorer, encoder);
      return encoder;
    },
    /** One model takes its own features only. Of what is given for several, each takes what it knows, and a name that none knows is refused. */
    ofInline(scorers: readonly Scorer[], given: Readonly<Record<string, Property>>): (scorer: Scorer) => Float64Array {
      if (scorers.length === 1) return (scorer) => inline(scorer)(given);
      const known = new Map(scorers.map((scorer) => [scorer, new Set(scorer.columns.map(({ name }) => name))]));
      const strangers = Object.keys(given).filter((name) => scorers.every((scorer) => !known.get(scorer)?.has(name)));
      if (strangers.length > 0) {
        throw new PortraitError(
          "MODEL_INPUT_MISMATCH",
          `None of the models knows ${strangers.join(", ")}. Leave them out, or correct their names.`,
          { wrong: strangers },
        );
      }
      return (scorer) =>
        inline(scorer)(Object.fromEntries(Object.entries(given).filter(([name]) => known.get(scorer)?.has(name))));
    },
  };
}
