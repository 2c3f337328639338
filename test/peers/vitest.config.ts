import { defineConfig } from "vitest/config";

/** Tests against the real libraries of others, apart from `npm test`: `npx vitest run --config test/peers/vitest.config.ts`. */
export default defineConfig({
  test: { include: ["test/peers/**/*.test.ts"], root: ".", pool: "forks", maxWorkers: 1, testTimeout: 120_000 },
});
