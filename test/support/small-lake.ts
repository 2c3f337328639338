import { join } from "node:path";
import { LoggedText } from "../../src/events/logged-text.ts";
import { createLakeWriter } from "../../src/stores/lake/lake-writer.ts";

const DAY = 86_400_000;
const END = Date.UTC(2026, 5, 1);

/** A lake of 90 people; every third one orders each week, the others looked around once. */
export async function fillLake(root: string): Promise<void> {
  const rows: LoggedText[] = [];
  const add = (person: number, name: string, at: number, properties: object) => {
    const position = { ms: 1, seq: 0, index: rows.length };
    const entity = { kind: "user", id: `u${person}` };
    rows.push(new LoggedText(0, position, `m${rows.length}`, name, entity, at, at, JSON.stringify(properties)));
  };
  for (let person = 0; person < 90; person++) {
    add(person, "Product Viewed", END - (1 + (person % 20)) * DAY, { category: "toys" });
    if (person % 3 === 0)
      for (let week = 0; week < 10; week++)
        add(person, "Order Completed", END - (week * 7 + (person % 5)) * DAY, { revenue: 20 + (person % 7) });
  }
  const writer = await createLakeWriter({ dir: join(root, "lake") });
  const last = { ms: 1, seq: 0, index: rows.length - 1 };
  await writer.write({ partition: 0, after: { ms: 0, seq: 0 }, first: { ms: 1, seq: 0 }, last, rows });
  writer.close();
}
