import { expect, test } from "vitest";
import type { Certificate } from "../../src/erasure/certificate.ts";
import { startErasing } from "../../src/erasure/start-erasing.ts";
import { PortraitError } from "../../src/errors.ts";
import { silentLog } from "../../src/log.ts";
import { createMemoryErasures } from "../../src/stores/memory/erasures.ts";
import { NOON } from "../support/events.ts";

test("what passes is tried again, what does not ends with its code, and one failure holds up nobody else", async () => {
  let made = 0;
  const queue = createMemoryErasures({ clock: () => NOON, newId: () => `e${++made}` });
  const ask = (id: string) => queue.ask({ entity: { kind: "user", id }, who: "k3y" });
  for (const id of ["late", "broken", "buggy", "fine"]) await ask(id);
  let tries = 0;
  let settled = 0;
  const close = startErasing({
    queue,
    everyMs: 1,
    log: silentLog,
    settled: async () => settled++,
    async erase({ entity: { id } }) {
      if (id === "late" && ++tries < 3) throw new PortraitError("WORKER_AWAY", "not yet");
      if (id === "broken") throw new PortraitError("LAKE_BROKEN", "a hole");
      if (id === "buggy") throw new TypeError("x is undefined");
      return { id, gone: {} } as unknown as Certificate;
    },
  });
  const states = async () =>
    Promise.all(
      ["e1", "e2", "e3", "e4"].map(async (id) => {
        const view = await queue.find(id);
        return view?.code ?? view?.state;
      }),
    );
  await expect.poll(states, { timeout: 60_000 }).toEqual(["done", "LAKE_BROKEN", "INTERNAL", "done"]);
  await close();
  expect(tries).toBe(3);
  expect(settled).toBe(2); // the turn of the three others, and the one of the late one
});
