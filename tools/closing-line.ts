import type { Reporter, TestModule } from "vitest/node";

/** Says the outcome once more in one plain line, for whoever reads only the end. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      if (module.state() === "failed" && module.children.size === 0) count.failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== "pending") count[state]++;
      }
    }
    // after the default reporter's summary
    process.once("exit", () => {
      const skipped = count.skipped ? `, ${count.skipped} skipped` : "";
      process.stdout.write(`${count.passed} passed, ${count.failed} failed${skipped}\n`);
    });
  }
}
