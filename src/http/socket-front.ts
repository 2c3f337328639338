import { type Server, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { HotAnswer, HotScore } from "./hot-score.ts";
import { readPlainRequest } from "./plain-request.ts";

/** So many bytes may wait behind a request that is being answered; then the caller is not listened to. */
const HELD_MOST = 131_072;
const SWEEP_MS = 1_000;
/** A connection that has said nothing for so long does not hold up the end of the server. */
const SILENT_MS = 1_000;

/**
 * Answers plain requests for a score right on the socket, before `node:http` makes a stream of a request and a stream of
 * an answer, which costs more than the score does. A connection that brings anything else, or is slow with what it
 * brings, is `node:http`'s from that byte on: its parser, its limits, its refusals. See `notes/0006-on-the-socket.md`.
 */
export function answerOnSockets(server: Server, hot: HotScore): void {
  const [toHttp] = server.listeners("connection") as ((socket: Socket) => void)[];
  const lanes = new Set<Lane>();
  server.removeListener("connection", toHttp);
  server.on("connection", (socket: Socket) => {
    lanes.add(openLane(socket, server, hot, toHttp, (lane) => lanes.delete(lane)));
  });

  const sweep = () => {
    const now = performance.now();
    for (const lane of lanes) lane.look(now);
  };
  let sweeping: NodeJS.Timeout | undefined;
  server.on("listening", () => {
    sweeping = setInterval(sweep, SWEEP_MS).unref();
  });
  server.on("close", () => clearInterval(sweeping));

  // `server.close` asks for the first of these, graceful endings for both
  const { closeIdleConnections, closeAllConnections } = server;
  server.closeIdleConnections = () => {
    for (const lane of lanes) if (lane.isIdle()) lane.hangUp();
    closeIdleConnections.call(server);
  };
  server.closeAllConnections = () => {
    for (const lane of lanes) lane.hangUp();
    closeAllConnections.call(server);
  };
}

/** A connection as long as it brings plain requests only, one after the other. */
interface Lane {
  isIdle(): boolean;
  hangUp(): void;
  /** Ends it when it was silent for too long. */
  look(now: number): void;
}

function openLane(
  socket: Socket,
  server: Server,
  hot: HotScore,
  toHttp: (socket: Socket) => void,
  left: (lane: Lane) => void,
): Lane {
  let held: Buffer | undefined;
  let busy = false;
  let ended = false;
  let answered = 0;
  let heard = performance.now();

  function onData(bytes: Buffer): void {
    if (held === undefined) {
      held = bytes;
      heard = performance.now();
    } else held = Buffer.concat([held, bytes]);
    if (!busy) next();
    else if (held.length > HELD_MOST) socket.pause();
  }

  /** Answers the first request that is held. */
  function next(): void {
    if (socket.isPaused()) socket.resume();
    if (held !== undefined) {
      const request = readPlainRequest(held);
      if (request === "other") {
        handOver();
        return;
      }
      if (request !== "more") {
        held = held.length > request.length ? held.subarray(request.length) : undefined;
        busy = true;
        const answer = hot(request.headers, request.body);
        if (answer instanceof Promise) void answer.then(onAnswer);
        else onAnswer(answer);
        return;
      }
    }
    if (ended) socket.end();
  }

  function onAnswer(answer: HotAnswer): void {
    if (socket.destroyed) return;
    answered++;
    heard = performance.now();
    const last = !server.listening;
    const taken = writeAnswer(socket, answer, last ? CLOSE : keepAliveOf(server));
    if (last) socket.end();
    else if (taken) goOn();
    else socket.once("drain", goOn); // who does not read is not read either
  }

  function goOn(): void {
    busy = false;
    next();
  }

  function onEnd(): void {
    ended = true;
    if (!busy) socket.end();
  }

  function handOver(): void {
    const rest = held;
    held = undefined;
    leave();
    toHttp.call(server, socket);
    socket.off("error", onError);
    if (socket.isPaused()) socket.resume();
    if (rest !== undefined) socket.emit("data", rest);
    if (ended) socket.emit("end");
  }

  function leave(): void {
    socket.off("data", onData).off("end", onEnd).off("close", leave);
    left(lane);
  }
  const onError = () => void socket.destroy();

  const lane: Lane = {
    isIdle: () => !busy && held === undefined && (answered > 0 || performance.now() - heard >= SILENT_MS),
    hangUp: () => void socket.destroy(),
    look(now) {
      if (busy) return;
      const patience = answered > 0 && held === undefined ? server.keepAliveTimeout : server.headersTimeout;
      if (now - heard < patience) return;
      if (answered > 0 && held === undefined) socket.destroy();
      else handOver(); // what is not whole after so long is refused there
    },
  };
  socket.on("error", onError).on("close", leave).on("end", onEnd).on("data", onData);
  return lane;
}

const CLOSE = "Connection: close\r\n\r\n";
const keepAliveOf = ({ keepAliveTimeout }: Server): string =>
  `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveTimeout / 1_000)}\r\n\r\n`;

/** An answer as `node:http` writes it. False when the caller does not read. */
function writeAnswer(socket: Socket, { status, requestId, headers, text }: HotAnswer, connection: string): boolean {
  const bytes = Buffer.byteLength(text);
  const head = `${headOf(status, headers)}X-Request-Id: ${requestId}\r\nContent-Length: ${bytes}\r\nDate: ${dateNow()}\r\n`;
  // plain text is written without being looked at again
  return socket.write(head + connection + text, bytes === text.length ? "latin1" : "utf8");
}

type Headers = HotAnswer["headers"];
let lastHead: { readonly headers: Headers; readonly status: number; readonly text: string } | undefined;

/** Status line and headers: the same of nearly all answers. */
function headOf(status: number, headers: Headers): string {
  if (lastHead?.headers === headers && lastHead.status === status) return lastHead.text;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  lastHead = { headers, status, text: `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}` };
  return lastHead.text;
}

let date = { second: 0, text: "" };
function dateNow(): string {
  const now = Date.now();
  const second = Math.floor(now / 1_000);
  if (second !== date.second) date = { second, text: new Date(now).toUTCString() };
  return date.text;
}
