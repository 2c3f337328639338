import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createDeadline } from "../../src/http/deadline.ts";

const never = () => new Promise<never>(() => {});

test("what is answered in time is answered, at once or later", async () => {
  const within = createDeadline(50);
  expect(within(() => 7)).toBe(7);
  expect(await within(() => sleep(5, "later"))).toBe("later");
  await expect(within(() => Promise.reject(new Error("its own")))).rejects.toThrow("its own");
  expect(() =>
    within(() => {
      throw new Error("at once");
    }),
  ).toThrow("at once");
});

test("each who waits too long is let go when its own time is over, not sooner", async () => {
  const within = createDeadline(60);
  const started = performance.now();
  const ended: number[] = [];
  const wait = () => (within(never) as Promise<never>).catch(() => ended.push(performance.now() - started));
  const first = wait();
  await sleep(30);
  const second = wait();
  const quick = within(() => sleep(5));
  await Promise.all([first, second, quick]);
  expect(ended[0]).toBeGreaterThanOrEqual(59);
  expect(ended[1]).toBeGreaterThanOrEqual(89);
  await expect(within(never)).rejects.toMatchObject({ code: "REDIS_AWAY" }); // it watches again after a pause
});
