import { PortraitError } from "../errors.ts";

/**
 * The work's answer, or REDIS_AWAY when it is late. A handler computes for milliseconds; whatever takes longer waits
 * for a neighbour that neither answers nor breaks off, and the caller must not wait with it.
 */
export async function withinDeadline<Answer>(ms: number, work: () => Promise<Answer> | Answer): Promise<Answer> {
  const answer = work();
  if (!(answer instanceof Promise)) return answer;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new PortraitError("REDIS_AWAY", `Redis or the disk did not answer within ${ms / 1_000} s. Try again.`));
    }, ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
