import { z } from "zod";
import type { Kind } from "./kind.ts";
import { ActiveDays, activeDays } from "./kinds/active-days.ts";
import { Affinity, affinity } from "./kinds/affinity.ts";
import { Calendar, calendar } from "./kinds/calendar.ts";
import { Count, count } from "./kinds/count.ts";
import { DaysSinceValue, daysSinceValue } from "./kinds/days-since-value.ts";
import { Decay, decay } from "./kinds/decay.ts";
import { Difference, difference } from "./kinds/difference.ts";
import { Distinct, distinct } from "./kinds/distinct.ts";
import { Entropy, entropy } from "./kinds/entropy.ts";
import { Favourite, favourite } from "./kinds/favourite.ts";
import { FirstValue, firstValue } from "./kinds/first-value.ts";
import { Gap, gap } from "./kinds/gap.ts";
import { HourProfile, hourProfile } from "./kinds/hour-profile.ts";
import { LastValue, lastValue } from "./kinds/last-value.ts";
import { Maximum, maximum } from "./kinds/maximum.ts";
import { Mean, mean } from "./kinds/mean.ts";
import { Minimum, minimum } from "./kinds/minimum.ts";
import { NewValues, newValues } from "./kinds/new-values.ts";
import { Path, path } from "./kinds/path.ts";
import { Ratio, ratio } from "./kinds/ratio.ts";
import { Recency, recency } from "./kinds/recency.ts";
import { Regularity, regularity } from "./kinds/regularity.ts";
import { Spread, spread } from "./kinds/spread.ts";
import { Streak, streak } from "./kinds/streak.ts";
import { Sum, sum } from "./kinds/sum.ts";
import { Tenure, tenure } from "./kinds/tenure.ts";
import { Trait, trait } from "./kinds/trait.ts";
import { ValueShare, valueShare } from "./kinds/value-share.ts";
import { WeekdayProfile, weekdayProfile } from "./kinds/weekday-profile.ts";

/** A feature as plain data. What each kind counts, and when it has nothing to say, is told in its file in `kinds/`. */
export const FeatureDeclaration = z.discriminatedUnion("kind", [
  Count,
  Sum,
  Mean,
  Minimum,
  Maximum,
  Spread,
  Decay,
  Recency,
  Tenure,
  ActiveDays,
  Gap,
  Regularity,
  Streak,
  Distinct,
  NewValues,
  DaysSinceValue,
  Favourite,
  Affinity,
  ValueShare,
  Entropy,
  HourProfile,
  WeekdayProfile,
  Path,
  Ratio,
  Difference,
  FirstValue,
  LastValue,
  Trait,
  Calendar,
]);
export type FeatureDeclaration = z.infer<typeof FeatureDeclaration>;
/** As people write it: what has a usual value may be left out. */
export type FeatureInput = z.input<typeof FeatureDeclaration>;

/** Every kind by the name that declarations call it, in the order in which people are told of them. */
export const KINDS: { readonly [K in FeatureDeclaration["kind"]]: Kind<Extract<FeatureDeclaration, { kind: K }>> } = {
  count,
  sum,
  mean,
  minimum,
  maximum,
  spread,
  decay,
  recency,
  tenure,
  "active-days": activeDays,
  gap,
  regularity,
  streak,
  distinct,
  "new-values": newValues,
  "days-since-value": daysSinceValue,
  favourite,
  affinity,
  "value-share": valueShare,
  entropy,
  "hour-profile": hourProfile,
  "weekday-profile": weekdayProfile,
  path,
  ratio,
  difference,
  "first-value": firstValue,
  "last-value": lastValue,
  trait,
  calendar,
};

/** The kind of a declaration: each is given only declarations of its own. */
export const kindOf = (feature: FeatureDeclaration): Kind<FeatureDeclaration> => KINDS[feature.kind];
