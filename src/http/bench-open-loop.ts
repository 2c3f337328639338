import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

export interface OpenLoop {
  readonly port: number;
  readonly key: string;
  readonly path: string;
  readonly bodies: readonly string[];
  /** Requests a second, sent when they are due whether or not earlier ones are answered. */
  readonly rate: number;
  readonly seconds: number;
}

/** More than are ever under way, unless the server hangs. */
const CONNECTIONS = 64;

/**
 * Asks at a fixed rate and answers how long each request took since it was due, ms, ascending. A request that must wait
 * for a free connection has waited since it was due: a server that stalls is charged for all who would have come meanwhile.
 * The clock is watched without sleeping, since timers are late by up to a millisecond; so this wants a core.
 */
export async function askAtRate({ port, key, path, bodies, rate, seconds }: OpenLoop): Promise<number[]> {
  const requests = bodies.map(
    (body) =>
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer ${key}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const callers = await Promise.all(Array.from({ length: CONNECTIONS }, () => openCaller(port)));
  const free = [...callers];
  const took: number[] = [];
  const total = rate * seconds;
  const started = performance.now();
  const dueAt = (i: number) => started + (1_000 * i) / rate;
  let failure: unknown;
  for (let sent = 0; sent < total; ) {
    const due = dueAt(sent);
    const caller = due <= performance.now() ? free.pop() : undefined;
    if (caller) {
      caller.ask(requests[sent++ % requests.length]).then(
        () => {
          took.push(performance.now() - due);
          free.push(caller);
        },
        (error) => {
          failure = error;
        },
      );
    } else await turn();
    if (failure) throw failure;
  }
  while (took.length < total && !failure) await turn();
  for (const { socket } of callers) socket.destroy();
  if (failure) throw failure;
  return took.sort((a, b) => a - b);
}

interface Caller {
  readonly socket: Socket;
  /** Resolves when the answer is whole. */
  ask(request: string): Promise<void>;
}

/** One connection with one request under way. */
async function openCaller(port: number): Promise<Caller> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  let text = "";
  let done = () => {};
  let failed: (error: Error) => void = () => {};
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
    const head = text.indexOf("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    if (head < 0 || text.length < head + 4 + length) return;
    const ok = text.startsWith("HTTP/1.1 200");
    text = "";
    ok ? done() : failed(new Error("an answer was no 200"));
  });
  socket.on("close", () => failed(new Error("the server hung up")));
  return {
    socket,
    ask: (request) =>
      new Promise((resolve, reject) => {
        done = resolve;
        failed = reject;
        socket.write(request, "latin1");
      }),
  };
}
