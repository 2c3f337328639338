import { setTimeout as sleep } from "node:timers/promises";

/** Does something `count` times, evenly between two moments (ms), each at a share `after` of its part. */
export async function atShares(
  count: number,
  { from, to }: { readonly from: number; readonly to: number },
  after: number,
  work: (i: number) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    await sleep(Math.max(0, from + ((i + after) / count) * (to - from) - Date.now()));
    await work(i);
  }
}

export async function everySecond(running: () => boolean, work: () => unknown): Promise<void> {
  while (running()) {
    await work();
    await sleep(1_000);
  }
}

/** @throws Error when it is not met in time */
export async function until(met: () => Promise<boolean> | boolean, ms: number): Promise<void> {
  const late = Date.now() + ms;
  while (!(await met())) {
    if (Date.now() > late) throw new Error(`waited ${ms / 1_000} s in vain`);
    await sleep(100);
  }
}
