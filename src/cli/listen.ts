import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PortraitError } from "../errors.ts";

export interface Listening {
  /** http://host:port, with the port that was found when 0 was asked for. */
  readonly url: string;
  /** Takes no new requests, waits for those in flight, and hangs up on who is still there after `graceMs`. */
  close(): Promise<void>;
}

/** @throws PortraitError PORT_IN_USE */
export function listen(server: Server, host: string, port: number, graceMs = 10_000): Promise<Listening> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE" && error.code !== "EACCES") return reject(error);
      reject(
        new PortraitError(
          "PORT_IN_USE",
          error.code === "EACCES"
            ? `Wanted port ${port} on ${host}, but this user may not listen there. Choose one above 1023: --port 8080`
            : `Wanted port ${port} on ${host}, but something listens there already. Stop it, or choose another: --port ${port + 1}`,
          { host, port },
          error,
        ),
      );
    });
    server.listen(port, host, () => {
      const { port: found } = server.address() as AddressInfo;
      const name = host.includes(":") ? `[${host}]` : host;
      resolve({
        url: `http://${name}:${found}`,
        close: () =>
          new Promise((closed) => {
            const timer = setTimeout(() => server.closeAllConnections(), graceMs);
            // a kept-alive connection is idle again once its answer is out: it must not hold the door
            const sweep = setInterval(() => server.closeIdleConnections(), 50);
            server.close(() => {
              clearTimeout(timer);
              clearInterval(sweep);
              closed();
            });
          }),
      });
    });
  });
}
