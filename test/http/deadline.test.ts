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

test("what is made of an answer or an error is the answer, and nothing is made of one that came too late", async () => {
  const within = createDeadline(30);
  const made: string[] = [];
  const told = (answer: number) => {
    made.push(`told ${answer}`);
    if (answer < 0) throw new Error("cannot be told");
    return `${answer} told`;
  };
  const failed = (error: unknown) => `failed: ${(error as Error).message.slice(0, 14)}`;
  expect(within(() => 1, told, failed)).toBe("1 told");
  expect(await within(() => sleep(1, 2), told, failed)).toBe("2 told");
  expect(await within(() => sleep(1, -3), told, failed)).toBe("failed: cannot be told");
  expect(await within(() => Promise.reject(new Error("its own")), told, failed)).toBe("failed: its own");
  expect(await within(() => sleep(60, 4), told, failed)).toBe("failed: Redis or the d");
  await sleep(60);
  expect(made).toEqual(["told 1", "told 2", "told -3"]);
});
