import type { Answered } from "./service-callers.ts";

/** What is asked: of features that are given (their number), or by id. */
export interface Asked {
  readonly request: string;
  readonly features?: number;
}

/** An answer with a receipt, to be made again from it. */
export interface Sample {
  readonly receipt: string;
  readonly version: string;
  /** As it was written. */
  readonly probability: string;
  readonly atMs: number;
}

export interface Minute {
  readonly answered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Totals {
  readonly answered: number;
  readonly withReceipt: number;
  /** Scored while the receipt could not be kept, and said so. */
  readonly withoutReceipt: number;
  /** Everything else, by its code. */
  readonly failed: Readonly<Record<string, number>>;
  /** Features that the same version answered in two ways. */
  readonly twoAnswers: readonly string[];
  readonly perVersion: Readonly<Record<string, number>>;
}

const SHOWN = 5;

/** Counts answers and remembers what each version said of which features, so that all of them can be made again. */
export class Tally {
  readonly #sampleEvery: number;
  readonly #said = new Map<string, (string | undefined)[]>();
  readonly #perVersion = new Map<string, number>();
  readonly #failed = new Map<string, number>();
  readonly #twoAnswers: string[] = [];
  #samples: Sample[] = [];
  #took: number[] = [];
  #answered = 0;
  #withReceipt = 0;
  #withoutReceipt = 0;

  /** @param sampleEvery one receipt in so many is made again */
  constructor(sampleEvery: number) {
    this.#sampleEvery = sampleEvery;
  }

  note(asked: Asked, { status, text }: Answered, tookMs: number, nowMs: number): void {
    const probability = between(text, '"probability":', ",");
    const version = between(text, '"version":"', '"');
    if (status !== 200 || probability === "" || version === "") {
      const code = status === 0 ? text : status === 200 ? "ANSWER_UNREADABLE" : codeOf(text, status);
      this.#failed.set(code, (this.#failed.get(code) ?? 0) + 1);
      return;
    }
    this.#answered++;
    this.#took.push(tookMs);
    this.#perVersion.set(version, (this.#perVersion.get(version) ?? 0) + 1);
    if (asked.features !== undefined) this.#compare(version, asked.features, probability);
    const receipt = between(text, '"receipt":"', '"');
    if (receipt === "") {
      if (text.includes('"missing":["receipt"]')) this.#withoutReceipt++;
    } else if (this.#withReceipt++ % this.#sampleEvery === 0)
      this.#samples.push({ receipt, version, probability, atMs: nowMs });
  }

  /** The samples since it was last asked. */
  takeSamples(): Sample[] {
    const taken = this.#samples;
    this.#samples = [];
    return taken;
  }

  /** The times since it was last asked. */
  takeMinute(): Minute {
    const took = this.#took.sort((a, b) => a - b);
    this.#took = [];
    const at = (share: number) => Math.round(100 * (took[Math.ceil(share * took.length) - 1] ?? Number.NaN)) / 100;
    return { answered: took.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  }

  totals(): Totals {
    return {
      ...{ answered: this.#answered, withReceipt: this.#withReceipt, withoutReceipt: this.#withoutReceipt },
      ...{ failed: Object.fromEntries(this.#failed), twoAnswers: this.#twoAnswers },
      perVersion: Object.fromEntries(this.#perVersion),
    };
  }

  /** What each version said of each of the features. */
  said(): { readonly version: string; readonly features: number; readonly probability: string }[] {
    return [...this.#said].flatMap(([version, texts]) =>
      texts.flatMap((probability, features) => (probability === undefined ? [] : [{ version, features, probability }])),
    );
  }

  #compare(version: string, features: number, probability: string): void {
    const texts = this.#said.get(version) ?? [];
    this.#said.set(version, texts);
    texts[features] ??= probability;
    if (texts[features] !== probability && this.#twoAnswers.length < SHOWN)
      this.#twoAnswers.push(`${version} said ${texts[features]} and ${probability} of the same features`);
  }
}

function between(text: string, before: string, after: string): string {
  const at = text.indexOf(before);
  if (at < 0) return "";
  const from = at + before.length;
  const to = text.indexOf(after, from);
  return to < 0 ? "" : text.slice(from, to);
}

const codeOf = (text: string, status: number): string => between(text, '"code":"', '"') || `HTTP_${status}`;
