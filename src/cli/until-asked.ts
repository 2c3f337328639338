/**
 * Resolves when this process is asked to end: Ctrl-C, SIGTERM, or the end of the process that forked it.
 * Asked a second time it ends at once.
 */
export function untilAsked(): Promise<void> {
  return new Promise((resolve) => {
    const asked = () => {
      for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.off(signal, asked).once(signal, () => process.exit(130));
      process.off("disconnect", asked);
      resolve();
    };
    process.once("SIGINT", asked).once("SIGTERM", asked).once("disconnect", asked);
  });
}
