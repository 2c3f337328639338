/** Before the first test: nothing yet that all tests need beyond what `npm test` prepared (doctor, build). */
export default function setup(): void {
  process.env.LOG_LEVEL ??= "silent";
}
