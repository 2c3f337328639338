import { expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import type { EntityRef } from "../../src/events/event.ts";
import { readTogether } from "../../src/scoring/read-together.ts";

const user = (id: string): EntityRef => ({ kind: "user", id });
const stored = (id: string) => ({
  reach: [{ partition: 0, position: { ms: 1, seq: 0, index: 0 } }],
  bytes: Buffer.from(id),
});

/** A store that knows everybody but "nobody", fails with "broken" among the asked, and keeps what it was asked. */
function house() {
  const asked: string[][] = [];
  const read = readTogether(async (entities) => {
    const ids = entities.map(({ id }) => id);
    asked.push(ids);
    if (ids.includes("gone")) throw new PortraitError("REDIS_AWAY", "away");
    if (ids.includes("broken")) throw new PortraitError("STATE_FROM_OTHER_CATALOGUE", "replay");
    return ids.map((id) => (id === "nobody" ? undefined : stored(id)));
  });
  return { asked, read };
}

test("what is asked in one turn is read at once, and each gets its own", async () => {
  const { asked, read } = house();
  const answers = await Promise.all([read([user("a")]), read([]), read([user("nobody"), user("b")])]);
  expect(answers).toEqual([[stored("a")], [], [undefined, stored("b")]]);
  expect(asked).toEqual([["a", "nobody", "b"]]);
  await read([user("c")]);
  expect(asked.length).toBe(2);
});

test("one that cannot be read does not take the others with it", async () => {
  const { read } = house();
  const [good, bad] = await Promise.allSettled([read([user("a")]), read([user("broken")])]);
  expect(good).toEqual({ status: "fulfilled", value: [stored("a")] });
  expect(bad).toMatchObject({ reason: { code: "STATE_FROM_OTHER_CATALOGUE" } });
});

test("a Redis that is away is asked once for all", async () => {
  const { asked, read } = house();
  const answers = await Promise.allSettled([read([user("a")]), read([user("gone")])]);
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(asked.length).toBe(1);
});
