import { PortraitError } from "../errors.ts";
import type { EntityRef, Event, Property } from "../events/event.ts";
import { isPrintable } from "../events/flat-properties.ts";
import type { Receipt } from "../scoring/receipt.ts";

/** What really happened, as somebody reports it: about the thing that a receipt scored, or about an entity. */
export interface OutcomeReport {
  /** The outcome's own event name, "Chargeback Received"; absent = the one that the receipt's model waits for. */
  readonly name?: string;
  /** When it happened, ms; absent = now. */
  readonly at?: number;
  /** A message id; the same one counts once. Absent = one outcome of a name for each receipt. */
  readonly id?: string;
  readonly entity?: EntityRef;
  readonly properties?: Readonly<Record<string, Property>>;
}

/** What a model about an event waits for: `outcome`, carrying the same property `on` as the event. */
export interface AwaitedOutcome {
  readonly model: string;
  readonly outcome: string;
  readonly on: string;
}

/**
 * The event that an outcome becomes. It stands in the log under its own name like any other event, so that training
 * finds it by replay; the property `receipt` says which score it belongs to.
 *
 * @param receipt the one that the report points at; undefined when it points at an entity
 * @throws PortraitError INPUT_INVALID when name, entity or the property that says which thing it is about is wanting
 */
export function outcomeEvent(
  report: OutcomeReport,
  receipt: Receipt | undefined,
  awaited: readonly AwaitedOutcome[],
  { now, newId }: { readonly now: number; readonly newId: () => string },
): Event {
  const waiting = awaited.filter(({ model }) => receipt?.scores.some((score) => score.model === model));
  const name = report.name ?? onlyName(waiting);
  const entity = entityOf(report, receipt);
  if (name.startsWith("$")) throw invalid('Names that start with "$" are our own. Choose another for the outcome.');
  for (const [what, text] of [
    ["name", name],
    ["id", report.id],
    ["entity's id", entity.id],
  ] as const)
    if (text !== undefined && !isPrintable(text)) throw invalid(`Wanted printable characters in the ${what}.`);
  const properties: Record<string, Property> = { ...report.properties };
  for (const { on, outcome } of waiting) {
    if (outcome !== name || Object.hasOwn(properties, on)) continue;
    const about = receipt?.fields && Object.hasOwn(receipt.fields, on) ? receipt.fields[on] : undefined;
    if (about === undefined) {
      throw invalid(
        `Wanted the property "${on}", which says what the outcome is about; neither the report nor its receipt holds it.`,
      );
    }
    properties[on] = about;
  }
  if (receipt) properties.receipt = receipt.id;
  return {
    id: report.id ?? (receipt ? `outcome ${receipt.id} ${name}`.slice(0, 100) : newId()),
    name,
    entity,
    at: Math.min(report.at ?? now, now),
    known: now,
    properties,
  };
}

function onlyName(waiting: readonly AwaitedOutcome[]): string {
  const names = [...new Set(waiting.map(({ outcome }) => outcome))];
  if (names.length === 1) return names[0];
  throw invalid(
    `Wanted the "name" of the outcome${names.length ? `, one of ${names.join(", ")}` : ', such as "Chargeback Received"'}; found none.`,
  );
}

function entityOf({ entity }: OutcomeReport, receipt: Receipt | undefined): EntityRef {
  if (receipt?.entity) {
    if (entity && (entity.kind !== receipt.entity.kind || entity.id !== receipt.entity.id)) {
      throw invalid("The receipt is about another entity than the report. Leave the entity out.");
    }
    return receipt.entity;
  }
  if (entity) return entity;
  throw invalid(
    receipt
      ? "The receipt was made from given features and names no entity. Say whom the outcome is about."
      : 'Wanted a "receipt" or an "entity" with kind and id, found neither.',
  );
}

const invalid = (message: string) => new PortraitError("INPUT_INVALID", message);
