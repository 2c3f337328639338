import { expect, test } from "vitest";
import { soakEvents } from "../../tools/soak/events.ts";

test("processes killed while events touch several entities lose and double nothing (npm run soak -- events is the long form)", async () => {
  const result = await soakEvents({
    kills: 4,
    armed: 0,
    seed: 5,
    api: false,
    freeze: false, // the other tests of this folder
    clients: 2,
    pauseMs: 15,
    patienceMs: 150_000,
  });
  expect(result).toMatchObject({ complaints: [], lost: 0, doubled: 0, ok: true });
  expect(result.acknowledged).toBeGreaterThan(200);
  expect(result.states?.entities).toBeGreaterThan(100);
});
