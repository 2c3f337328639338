/**
 * Texts that stand for a missing value, whatever their case.
 * "none" and "unknown" are not among them: in real tables they are answers ("none" of past claims).
 */
export const MISSING = ["", "na", "n/a", "#n/a", "<na>", "nan", "null", "\\n", "?", "-", "--", "."] as const;

const missing: ReadonlySet<string> = new Set(MISSING);

export const isMissing = (text: string): boolean => missing.has(text.trim().toLowerCase());
