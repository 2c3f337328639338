import { createServer } from "node:net";

/** Ports of this machine that nobody listens at now, each another one. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((server) => new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))),
  );
  const addresses = servers.map((server) => server.address());
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return addresses.map((address) => {
    if (address && typeof address === "object") return address.port;
    throw new Error("no port is free");
  });
}

/** A port of this machine that nobody listens at now. */
export const freePort = async (): Promise<number> => (await freePorts(1))[0];
