/** What the doctor found at one place, in words. */
export interface Finding {
  readonly name: string;
  /** `missing` is what keeps portrait from working; `warn` and `absent` do not. */
  readonly state: "ok" | "warn" | "absent" | "missing";
  readonly found: string;
  /** What to do about it; always there when `state` is `missing`. */
  readonly remedy?: string;
}

/** Whether `found` is at least `wanted`, part by part: "7.0.15" ≥ "6.2". */
export function atLeast(found: string, wanted: string): boolean {
  const parts = (version: string) => version.replace(/^v/, "").split(".").map(Number);
  const [a, b] = [parts(found), parts(wanted)];
  for (let i = 0; i < b.length; i++) {
    const x = a[i] ?? 0;
    if (x !== b[i]) return x > b[i];
  }
  return true;
}
