import type { AnsweredCalls } from "../../scoring/answered-calls.ts";

/** The memory twin of the calls that were answered. */
export function createMemoryAnsweredCalls(): AnsweredCalls {
  const receipts = new Map<string, string>();
  return {
    find: async (call) => receipts.get(call),
    async keep(call, receipt) {
      if (!receipts.has(call)) receipts.set(call, receipt);
    },
  };
}
