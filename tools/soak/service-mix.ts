import type { Random } from "../../models/random.ts";
import { MODEL } from "./service-shop.ts";
import type { Asked } from "./service-tally.ts";

export interface Mix {
  readonly port: number;
  readonly key: string;
  readonly features: readonly Readonly<Record<string, number>>[];
  readonly ids: readonly string[];
}

/** Nine in twenty by features and seven by id, with receipts; four by features with three exact reasons and none. */
export function mixOf({ port, key, features, ids }: Mix, random: Random): Asked[] {
  const write = (body: unknown) => {
    const text = JSON.stringify(body);
    return (
      `POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
      `Authorization: Bearer ${key}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
    );
  };
  return Array.from({ length: 20 * features.length }, (_, i): Asked => {
    const dice = random.below(20);
    const own = i % features.length;
    const given = { models: [MODEL], features: features[own] };
    if (dice < 9) return { features: own, request: write(given) };
    if (dice < 16) return { request: write({ models: [MODEL], id: ids[random.below(ids.length)] }) };
    return { features: own, request: write({ ...given, reasons: 3, receipt: "none" }) };
  });
}
