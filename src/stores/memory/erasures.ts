import type { ErasureQueue, ErasureView, ErasureWanted } from "../../erasure/erasures.ts";
import { entityKey } from "../../events/event.ts";

/** The twin of `redis/erasures.ts`, gone with the process. */
export function createMemoryErasures({
  clock,
  newId,
}: {
  readonly clock: () => number;
  readonly newId: () => string;
}): ErasureQueue {
  const waiting = new Map<string, ErasureWanted>();
  const views = new Map<string, ErasureView>();
  let claimed = false;
  return {
    async ask(given) {
      const key = entityKey(given.entity);
      const there = waiting.get(key);
      const known = there && views.get(there.id);
      if (known) return known;
      const view: ErasureView = { id: newId(), state: "waiting", askedAt: clock() };
      waiting.set(key, { ...given, id: view.id });
      views.set(view.id, view);
      return view;
    },
    find: async (id) => views.get(id),
    async claim() {
      if (claimed || waiting.size === 0) return undefined;
      claimed = true;
      return {
        waiting: [...waiting.values()],
        release: async () => {
          claimed = false;
        },
      };
    },
    async settle({ id, entity }, end) {
      const asked = views.get(id);
      if (asked) views.set(id, { ...asked, ...end, state: "certificate" in end ? "done" : "failed" });
      waiting.delete(entityKey(entity));
    },
  };
}
