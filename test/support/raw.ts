import { connect, type Socket } from "node:net";

export interface RawAnswer {
  /** All that came back. */
  readonly text: string;
  /** Status of each answer in it, in their order. */
  readonly statuses: readonly number[];
  readonly closed: boolean;
  readonly ms: number;
}

/**
 * Writes bytes to a port as they are and answers what comes back, until the other side hangs up or `waitMs` are over.
 *
 * @param write may write more as it likes; the connection is its to pace
 */
export function rawAsk(
  url: string,
  write: string | Uint8Array | ((socket: Socket) => void),
  waitMs = 1_500,
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const started = performance.now();
    const { hostname, port } = new URL(url);
    let text = "";
    const finish = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
      resolve({ text, statuses, closed, ms: performance.now() - started });
    };
    const socket = connect(Number(port), hostname, () => {
      if (typeof write === "function") write(socket);
      else socket.write(write);
    });
    const timer = setTimeout(() => finish(false), waitMs);
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", () => {});
    socket.on("close", () => finish(true));
  });
}
