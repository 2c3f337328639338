import { PortraitError } from "../../errors.ts";

/** Which states are in force in a partition: their generation, and the catalogue that wrote them. */
export interface CatalogueInForce {
  readonly generation: number;
  readonly digest: string;
}

export const catalogueText = ({ generation, digest }: CatalogueInForce): string => `${generation}:${digest}`;

export function parseCatalogue(text: string): CatalogueInForce {
  const match = /^(\d+):(.+)$/s.exec(text);
  if (!match)
    throw new PortraitError("LOG_BROKEN", `Wanted "<generation>:<digest>" in Redis, found ${text.slice(0, 40)}`);
  return { generation: Number(match[1]), digest: match[2] };
}

/** @throws PortraitError STATE_FROM_OTHER_CATALOGUE unless the states were written by the catalogue `digest`. */
export function wantCatalogue(found: CatalogueInForce, digest: string): void {
  if (found.digest === digest) return;
  throw new PortraitError(
    "STATE_FROM_OTHER_CATALOGUE",
    `Wanted states of the feature catalogue ${digest.slice(0, 12)}, found those of ${found.digest.slice(0, 12)}. ` +
      "The declared features have changed: run `portrait replay` to rebuild the states from the lake.",
    { wanted: digest, found: found.digest },
  );
}
