import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/peers/**", "test/soak/**"],
    pool: "forks",
    maxWorkers: 2,
    // a limit ends a test that hangs; on a machine that others use too, work takes ten times as long and is no failure
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    globalSetup: ["test/support/global-setup.ts"],
    reporters: ["default", "./tools/closing-line.ts"],
  },
});
