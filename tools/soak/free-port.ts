import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below those that a system gives to connections, thousands a second under load: nobody is given ours by chance. */
const FIRST = 10_000;
const END = 32_000;

/** Ports of this machine that nobody listens at now, each another one. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = randomInt(FIRST, END);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

/** A port of this machine that nobody listens at now. */
export const freePort = async (): Promise<number> => (await freePorts(1))[0];

const isFree = (port: number): Promise<boolean> =>
  new Promise((tell) => {
    const server = createServer();
    server.once("error", () => tell(false));
    server.listen(port, "127.0.0.1", () => server.close(() => tell(true)));
  });
