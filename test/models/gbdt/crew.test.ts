import { expect, test } from "vitest";
import { createCrew } from "../../../models/gbdt/crew.ts";
import { createMemory, PHASE } from "../../../models/gbdt/memory.ts";

const shape = { rows: 64, columns: 1, wide: 0, chooseRows: 0, threads: 2, slots: 1, nodes: 1, weighted: false };

test("every thread does its own rows, and the leader waits for all of them", async () => {
  const memory = createMemory(shape);
  const column = memory.get("binColumns");
  for (let i = 0; i < 64; i++) memory.bytes[column + i] = i;
  const crew = createCrew(memory);
  await crew.gather();
  crew.lead(PHASE.turn);
  const bins = memory.get("bins");
  expect([...memory.bytes.subarray(bins, bins + 64)]).toEqual(Array.from({ length: 64 }, (_, i) => i));
  await crew.close();
});

test("the leader does a whole phase alone until its followers have come", async () => {
  const memory = createMemory(shape);
  memory.bytes.fill(9, memory.get("binColumns"), memory.get("binColumns") + 64);
  const crew = createCrew(memory);
  expect([crew.complete(), memory.get("threads")]).toEqual([false, 1]);
  crew.lead(PHASE.turn);
  const bins = memory.get("bins");
  expect([...memory.bytes.subarray(bins, bins + 64)]).toEqual(Array<number>(64).fill(9));
  await crew.gather();
  expect([crew.complete(), memory.get("threads")]).toEqual([true, 2]);
  await crew.close();
});

test("a thread that fails is an error, not an endless wait", async () => {
  const crew = createCrew({ ...createMemory(shape), module: {} });
  await crew.gather();
  expect(() => crew.lead(PHASE.turn)).toThrow("a thread could not do its share");
  await crew.close();
});
