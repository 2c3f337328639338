import { connect, type Socket } from "node:net";

export interface RawAnswer {
  /** All that came back. */
  readonly text: string;
  /** Status of each answer in it, in their order. */
  readonly statuses: readonly number[];
  readonly closed: boolean;
}

/** Only bounds a hang. */
const WAIT_MS = 60_000;

/**
 * Writes bytes to a port as they are and answers what comes back, until the other side hangs up.
 *
 * @param write may write more as it likes; the connection is its to pace
 * @param lastWords ends the waiting for a side that does not hang up
 */
export function rawAsk(
  url: string,
  write: string | Uint8Array | ((socket: Socket) => void),
  lastWords?: RegExp,
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    let text = "";
    const finish = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
      resolve({ text, statuses, closed });
    };
    const socket = connect(Number(port), hostname, () => {
      if (typeof write === "function") write(socket);
      else socket.write(write);
    });
    const timer = setTimeout(() => finish(false), WAIT_MS);
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      text += chunk;
      if (lastWords?.test(text)) finish(false);
    });
    socket.on("error", () => {});
    socket.on("close", () => finish(true));
  });
}
