import { createHash } from "node:crypto";
import { PortraitError } from "../errors.ts";
import { createAdvance, createDrop, meet } from "./advance.ts";
import { createCodec } from "./codec.ts";
import { type FeatureDeclaration, facesOf, parseCatalogue } from "./declaration.ts";
import { emptyRow } from "./empty-row.ts";
import type { Reducer, Row, SeenEvent, State } from "./feature.ts";
import { createFollow } from "./follow.ts";
import { dayOf } from "./grid.ts";
import { emptied, emptyState, type LiveState } from "./live-state.ts";
import { createLook, readNothing } from "./look.ts";
import { createMoments } from "./moment.ts";
import { planFeatures } from "./plan.ts";
import { createTargets, type Targets, writePlain, writeProperties } from "./targets.ts";

/**
 * The one reducer, live and replayed, for the declared features.
 *
 * Events of any name count as activity of the entity. A property of the wrong type, not finite or out of bounds
 * is as good as absent: its event is counted, its value is not. A time before 1970 is taken as 1970.
 *
 * An entity of which nothing is known at the moment of reading has nothing to say anywhere (all NaN); of a known one,
 * counts, sums and distinct values are 0 where nothing happened. Buckets after now are not read. A state is exact for
 * day windows that reach back no further than 400 days, hours of the day no further than 90 days, and hour windows no
 * further than 25 hours, from its newest event; reading it further in the past sees less.
 *
 * Cost: `write` O(features' series of the event) for an event not before the newest of its series, O(buckets after it)
 * for a late one; `read` O(features · log buckets), and what single kinds say of themselves. A reading allocates nothing.
 *
 * @throws PortraitError CONFIG_INVALID when the declarations do not hold together
 */
export function createReducer(declarations: readonly unknown[]): Reducer {
  const features = parseCatalogue(declarations);
  const digest = catalogueDigest(features);
  const plan = planFeatures(features);
  const { layout } = plan;
  const codec = createCodec(digest, layout);
  const moments = createMoments(digest, layout);
  const targetsOf = createTargets(layout);
  const advance = createAdvance(layout);
  const nothing = readNothing(plan, moments, emptyState(digest, layout));
  const look = createLook(plan, moments, nothing);
  const single: Row[] = [];
  const put = (live: LiveState, event: SeenEvent, at: number, day: number, oldestSlot: number) => {
    const targets = targetsOf(event.name);
    writePlain(live, targets, at, day, oldestSlot);
    // the properties of a logged event are parsed when they are asked for
    if (targets.wantsProperties) writeProperties(live, targets, at, day, event);
  };
  const followInNotes = createFollow({
    look,
    put(live, event, at, oldestSlot) {
      meet(live, at);
      put(live, event, at, dayOf(at), oldestSlot);
    },
    drop: createDrop(layout),
  });

  const own = (state: State): LiveState => {
    if (state.catalogue === digest) return state as LiveState;
    throw new PortraitError(
      "STATE_FROM_OTHER_CATALOGUE",
      `Wanted a state of the catalogue ${digest.slice(0, 16)}, found one of ${state.catalogue.slice(0, 16)}.`,
    );
  };

  return {
    features: facesOf(features),
    digest,
    properties: (event) => [...new Set([...propertiesOf(targetsOf(event)), ...layout.flights])],
    empty: (spent) => (spent ? emptied(own(spent)) : emptyState(digest, layout)),

    write(state, event) {
      const live = own(state);
      const at = event.at > 0 ? Math.floor(event.at) : 0;
      const day = dayOf(at);
      advance(live, at, day);
      put(live, event, at, day, 0);
    },

    read(state, now, row = emptyRow(plan.numbers, plan.categories), inFlight = undefined) {
      const live = own(state);
      if (live.newest < 0 || live.first > now) {
        row.numbers.fill(Number.NaN);
        row.texts.fill(undefined);
        return row;
      }
      for (let i = 0; i < plan.categories; i++) row.texts[i] = undefined;
      single[0] = row;
      look.begin(live, single, 0, row.numbers, row.numbers.length);
      look.note(0, now, inFlight);
      look.settle(1);
      return row;
    },

    follow: (state, stretch, block, place) => followInNotes(own(state), stretch, block, place),
    encode: (state) => codec.encode(own(state)),
    decode: (bytes, spent) => codec.decode(bytes, spent && own(spent)),
  };
}

const propertiesOf = ({ valued, values, picks }: Targets): string[] => [
  ...new Set([
    ...[...valued.days, ...valued.hours, ...valued.slots].flatMap(({ series }) => series.value ?? []),
    ...values.map(({ by }) => by),
    ...picks.map(({ property }) => property),
  ]),
];

/** Of what features mean; their words for people may change without a rebuild of all states. */
const catalogueDigest = (features: readonly FeatureDeclaration[]): string =>
  createHash("sha256")
    .update(JSON.stringify(features.map(({ about: _about, unit: _unit, ...meaning }) => meaning)))
    .digest("hex");
