import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/peers/**", "test/soak/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 10_000 } }, // a busy machine is no failure
    globalSetup: ["test/support/global-setup.ts"],
    reporters: ["default", "./tools/closing-line.ts"],
  },
});
