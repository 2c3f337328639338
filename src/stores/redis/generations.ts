import type { Redis } from "ioredis";
import { PortraitError } from "../../errors.ts";
import { type CatalogueInForce, parseCatalogue, wantCatalogue } from "./catalogue.ts";
import { catalogueKey } from "./keys.ts";

/** What each partition has in force; undefined where no worker has begun. */
export async function cataloguesInForce(redis: Redis, partitions: number): Promise<(CatalogueInForce | undefined)[]> {
  const texts = await Promise.all(Array.from({ length: partitions }, (_, index) => redis.get(catalogueKey(index))));
  return texts.map((text) => (text ? parseCatalogue(text) : undefined));
}

/**
 * All partitions must have one generation of states in force: forwards between them are told by it.
 *
 * @throws PortraitError STATE_FROM_OTHER_CATALOGUE when the states want a replay, LOG_BROKEN when one ended half way
 */
export async function checkGenerations(redis: Redis, partitions: number, digest: string): Promise<void> {
  const found = (await cataloguesInForce(redis, partitions)).filter((one) => one !== undefined);
  for (const one of found) wantCatalogue(one, digest);
  const generations = [...new Set(found.map(({ generation }) => generation))].sort((a, b) => a - b);
  const halfWay = generations.length > 1 || (generations[0] > 1 && found.length < partitions);
  if (!halfWay) return;
  throw new PortraitError(
    "LOG_BROKEN",
    `Wanted one generation of states in all ${partitions} partitions, found ${generations.join(" and ")}` +
      `${found.length < partitions ? " and none" : ""}: a replay ended half way. Run \`portrait replay\` again.`,
    { generations, partitions: found.length },
  );
}
