import { describe, expect, test } from "vitest";
import { sealCertificate } from "../../src/erasure/certificate.ts";
import type { ErasureQueue } from "../../src/erasure/erasures.ts";
import { NOON } from "../support/events.ts";

const entity = { kind: "user", id: "zaphod:4711" };
const certificate = sealCertificate({
  format: 1,
  id: "e1",
  at: new Date(NOON).toISOString(),
  kind: "user",
  subject: "0f",
  by: "k3y",
  gone: {
    states: 1,
    rows: 2,
    nobodys: 0,
    redacted: 0,
    parts: 1,
    scores: 0,
    receipts: 0,
    quarantined: 0,
    tables: 0,
    tableRows: 0,
  },
  until: "0/1-0-1",
  resumed: false,
  remains: [],
});

/** The promises of an ErasureQueue, for every implementation of it. Each queue is opened with the clock at NOON. */
export function erasuresKeepTheirPromises(name: string, open: () => Promise<ErasureQueue>): void {
  describe(`erasures, ${name}`, () => {
    test("what is asked for waits until its end, and asking again begins nothing twice", async () => {
      const queue = await open();
      const asked = await queue.ask({ entity, who: "k3y", request: "r1" });
      expect(asked).toEqual({ id: asked.id, state: "waiting", askedAt: NOON });
      expect(await queue.ask({ entity, who: "other" })).toEqual(asked);
      const other = await queue.ask({ entity: { ...entity, kind: "card" }, who: "k3y" });
      expect(other.id).not.toBe(asked.id);

      const claim = await queue.claim();
      expect(claim?.waiting).toHaveLength(2);
      expect(claim?.waiting).toContainEqual({ id: asked.id, entity, who: "k3y", request: "r1" });
      expect(await queue.find(asked.id)).toEqual(asked);
      for (const wanted of claim?.waiting ?? [])
        await queue.settle(wanted, wanted.id === asked.id ? { certificate } : { code: "LAKE_BROKEN" });
      await claim?.release();
      expect(await queue.find(asked.id)).toEqual({ ...asked, state: "done", certificate });
      expect(await queue.find(other.id)).toEqual({ ...other, state: "failed", code: "LAKE_BROKEN" });
      expect(await queue.claim()).toBeUndefined();
      expect((await queue.ask({ entity, who: "k3y" })).id).not.toBe(asked.id); // a new life may be erased too
      expect(await queue.find("nobody")).toBeUndefined();
    });
  });
}
