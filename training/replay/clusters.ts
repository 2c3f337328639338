import { moved } from "./room.ts";

/** Numbers from 0 on, given out to clusters so that those of each lie together: in runs of many. */
export interface Clusters {
  /** How many there are, a power of two. */
  readonly count: number;
  /** A number that nobody has yet. */
  next(cluster: number): number;
  /** All that were given out: cluster after cluster, in each as they came. */
  all(): Int32Array;
}

const RUN = 512;
const MOST_CLUSTERS = 256;
/** What is written at a few hundred places at once stays in the cache, and so does one cluster of them all. */
const EACH = 8_192;

/** @param size about how many numbers there will be */
export function createClusters(size: number): Clusters {
  const count = Math.min(MOST_CLUSTERS, 2 ** Math.ceil(Math.log2(Math.max(1, size / EACH))));
  /** By cluster: the next number, and where its run ends. */
  const nexts = new Int32Array(count);
  const ends = new Int32Array(count);
  /** By run: whose it is. */
  let owners: Int32Array = new Int32Array(64);
  let runs = 0;
  let given = 0;
  return {
    count,
    next(cluster) {
      if (nexts[cluster] === ends[cluster]) {
        if (runs === owners.length) owners = moved(owners, new Int32Array(2 * runs));
        owners[runs] = cluster;
        nexts[cluster] = runs++ * RUN;
        ends[cluster] = runs * RUN;
      }
      given++;
      return nexts[cluster]++;
    },
    all() {
      const numbers = new Int32Array(given);
      const runsOf = Array.from({ length: count }, (): number[] => []);
      for (let run = 0; run < runs; run++) runsOf[owners[run]].push(run);
      let i = 0;
      for (const [cluster, some] of runsOf.entries())
        for (const [k, run] of some.entries()) {
          const end = k === some.length - 1 ? nexts[cluster] : (run + 1) * RUN;
          for (let number = run * RUN; number < end; number++) numbers[i++] = number;
        }
      return numbers;
    },
  };
}

/** Room for so many numbers given out, however they are spread. */
export const roomFor = (size: number, { count }: Clusters): number => size + count * RUN;
