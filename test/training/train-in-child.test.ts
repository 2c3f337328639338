import { resolve } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { RetrainProgress } from "../../src/retraining/job.ts";
import { type TrainInChildOptions, trainInChild } from "../../training/train-in-child.ts";

const script = resolve("test/training/children/obedient.ts");

function order(
  model: string,
  options: Partial<TrainInChildOptions> & {
    signal?: AbortSignal;
    onProgress?: (progress: RetrainProgress) => void;
  } = {},
) {
  const { signal = new AbortController().signal, onProgress = () => {}, ...rest } = options;
  return trainInChild({ env: process.env, script, stderr: "ignore", ...rest })(
    { model, reason: "manual", seed: 7 },
    { jobId: "job-1", askedAt: 0, onProgress, signal },
  );
}

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Resolves with the child's process id once it has said it. */
function started() {
  let tell: (pid: number) => void = () => {};
  const pid = new Promise<number>((done) => {
    tell = done;
  });
  return { pid, onProgress: ({ step }: RetrainProgress) => tell(Number(step)) };
}

test("the result and the progress come back, from a process of lower priority", async () => {
  const seen: RetrainProgress[] = [];
  const result = await order("learn", { onProgress: (progress) => seen.push(progress) });
  expect(result).toEqual({ model: "learn", version: "job-1", promoted: true, why: "at nice 10" });
  expect(seen).toEqual([{ done: 0.25, step: "reading" }]);
});

test("a failure keeps its code", async () => {
  await expect(order("too-small")).rejects.toMatchObject({
    code: "DATASET_TOO_SMALL",
    message: "wanted 500 rows, found 3",
  });
});

test("a child that dies without a word is an error that says so", async () => {
  await expect(order("die")).rejects.toThrow("The training process ended with 3 and said nothing.");
});

test("a child that wants more memory than it may have ends, and this process lives", async () => {
  await expect(order("devour", { memoryMb: 32 })).rejects.toThrow(/want of memory/);
});

test("a training that takes too long is ended", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }); // its hour begins before the child can say a word
  onTestFinished(() => void vi.useRealTimers());
  const { pid, onProgress } = started();
  const ended = expect(order("wait", { timeoutMs: 3_600_000, onProgress })).rejects.toMatchObject({
    code: "TRAINING_CANCELLED",
  });
  const child = await pid;
  vi.advanceTimersByTime(3_599_999);
  expect(alive(child)).toBe(true);
  vi.advanceTimersByTime(1);
  await ended;
  expect(alive(child)).toBe(false);
});

test("when the signal fires the child ends, and the signal's reason is the answer", async () => {
  const abort = new AbortController();
  const { pid, onProgress } = started();
  const answer = order("wait", { signal: abort.signal, onProgress });
  const child = await pid;
  abort.abort("cancelled");
  await expect(answer).rejects.toBe("cancelled");
  expect(alive(child)).toBe(false);
});

test("a child that does not listen is killed", async () => {
  const abort = new AbortController();
  const { pid, onProgress } = started();
  const answer = order("deaf", { signal: abort.signal, onProgress, graceMs: 200 });
  const child = await pid;
  abort.abort("cancelled");
  await expect(answer).rejects.toBe("cancelled");
  expect(alive(child)).toBe(false);
});
