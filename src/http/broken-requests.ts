import { type Server, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { type ErrorCode, PortraitError } from "../errors.ts";
import { problemHeaders, toProblem } from "./errors.ts";
import { requestIdOf } from "./request-id.ts";
import { ANSWER_HEADERS } from "./security-headers.ts";

const CODE_OF: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TIMEOUT",
  HPE_HEADER_OVERFLOW: "HEADERS_TOO_LARGE",
};
const WORDS = {
  REQUEST_TIMEOUT: "Wanted a whole request in time, found one that stopped on its way. Send it again, faster.",
  HEADERS_TOO_LARGE: "Wanted at most 16 KB of headers, found more.",
  REQUEST_BROKEN:
    "Wanted a request as HTTP/1.1 writes it, found one that two readers could take for two different ones.",
} as const;

/**
 * Answers what is no HTTP, or comes too slowly, by a named error and hangs up: the parser has lost its place, so what
 * follows on that connection cannot be trusted. Node's parser is strict, and stays it: two lengths, a length beside
 * chunks, folded lines, a bare LF or a blank before a colon are refused, so that nothing can be smuggled past a proxy.
 */
export function refuseBroken(server: Server): void {
  server.on(
    "clientError",
    (error: NodeJS.ErrnoException, socket: Socket & { _httpMessage?: { headersSent: boolean } }) => {
      // an answer that is under way must not be mixed with another
      if (!socket.writable || error.code === "ECONNRESET" || socket._httpMessage?.headersSent) {
        socket.destroy();
        return;
      }
      const code = (CODE_OF[error.code ?? ""] ?? "REQUEST_BROKEN") as keyof typeof WORDS;
      const requestId = requestIdOf(undefined);
      const problem = toProblem(new PortraitError(code, WORDS[code]), requestId);
      const body = JSON.stringify(problem);
      const headers = {
        ...ANSWER_HEADERS,
        ...problemHeaders(problem),
        "X-Request-Id": requestId,
        "Content-Length": String(Buffer.byteLength(body)),
        Connection: "close",
      };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join("")}\r\n${body}`);
    },
  );
}
