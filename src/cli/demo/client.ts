/** Asks the running API as any program would. */
export interface Client {
  /** @throws Error with the problem's code when the answer is none of 2xx */
  ask<A>(method: "GET" | "POST", path: string, body?: unknown): Promise<A>;
}

export function createClient(url: string, key: string): Client {
  return {
    async ask<A>(method: "GET" | "POST", path: string, body?: unknown): Promise<A> {
      const response = await fetch(url + path, {
        method,
        headers: { Authorization: `Bearer ${key}`, ...(body !== undefined && { "Content-Type": "application/json" }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text.slice(0, 300)}`);
      return JSON.parse(text) as A;
    },
  };
}

export interface ScoreView {
  readonly scores: Readonly<
    Record<
      string,
      {
        readonly probability: number;
        readonly percentile?: number;
        readonly band: string;
        readonly version: string;
        readonly reasons?: readonly { readonly words: string }[];
      }
    >
  >;
  readonly receipt?: string;
}

export interface PortraitView {
  readonly entity: { readonly kind: string; readonly id: string };
  readonly values: Readonly<Record<string, string | number | boolean>>;
  readonly tags: readonly { readonly name: string; readonly because: string }[];
  readonly indexes: Readonly<Record<string, number>>;
  readonly stage?: { readonly stage: string; readonly why?: string; readonly because?: string };
  readonly segment?: { readonly name: string };
}

export interface JobAnswer {
  readonly id: string;
  readonly state: "waiting" | "running" | "done" | "failed" | "cancelled";
  readonly progress?: { readonly done: number; readonly step: string };
  readonly result?: { readonly version: string; readonly promoted: boolean; readonly why: string };
  readonly failure?: { readonly code: string; readonly message: string };
}
