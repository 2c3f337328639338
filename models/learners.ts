import { blendOf } from "./blend/blend.ts";
import { constant } from "./constant/constant.ts";
import { gbdt } from "./gbdt/gbdt.ts";
import type { Learner } from "./model.ts";
import { logistic } from "./net/logistic.ts";
import { net } from "./net/net.ts";

/** Every way of learning, by the name that plans and recipes use. What each needs is opened when it fits. */
export const LEARNERS: Readonly<Record<string, Learner<unknown>>> = {
  blend: blendOf([gbdt, logistic] as unknown as Learner<unknown>[]) as Learner<unknown>,
  constant: constant as Learner<unknown>,
  gbdt: gbdt as Learner<unknown>,
  logistic: logistic as Learner<unknown>,
  net: net as Learner<unknown>,
};
