import { type EntityRef, sameEntity } from "../events/event.ts";
import type { Reducers } from "../features/reducers.ts";
import type { Receipt } from "../scoring/receipt.ts";
import { statesOf } from "../scoring/recompute.ts";
import { propertiesNaming } from "./redact-event.ts";

/** Whether a receipt says anything of a person: it was made from his state, or from an event that names him. */
export const receiptIsAbout = (receipt: Receipt, person: EntityRef, kinds: Reducers["kinds"]): boolean =>
  statesOf(receipt).some(({ entity }) => sameEntity(entity, person)) ||
  propertiesNaming(person, { name: receipt.event ?? "", properties: receipt.fields ?? {} }, kinds).length > 0;
