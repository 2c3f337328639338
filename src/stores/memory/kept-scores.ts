import { entityKey } from "../../events/event.ts";
import type { KeptScore, KeptScores } from "../../portraits/kept-scores.ts";

/** The memory twin of the scores that are kept beside portraits. */
export function createMemoryKeptScores(): KeptScores {
  const kept = new Map<string, Map<string, KeptScore>>();
  return {
    async write(model, scores) {
      for (const { entity, score } of scores) {
        const key = entityKey(entity);
        kept.set(key, (kept.get(key) ?? new Map<string, KeptScore>()).set(model, { ...score }));
      }
    },
    read: async (entity) => Object.fromEntries(kept.get(entityKey(entity)) ?? []),
    async forget(entity) {
      const { size = 0 } = kept.get(entityKey(entity)) ?? {};
      kept.delete(entityKey(entity));
      return size;
    },
  };
}
