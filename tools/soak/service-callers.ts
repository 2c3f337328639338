import { connect, type Socket } from "node:net";

/** What came back. Status 0: nothing did, and `text` is why: CONNECTION_LOST or NO_ANSWER. */
export interface Answered {
  readonly status: number;
  readonly text: string;
}

const PATIENCE_MS = 15_000;

/** One connection with one request under way at most, opened again when it is lost. Plain sockets cost a fifth of `fetch`. */
export class Caller {
  readonly #port: number;
  #socket: Socket | undefined;
  #text = "";
  #done: ((answer: Answered) => void) | undefined;
  #late: NodeJS.Timeout | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends a whole request. Never rejects. */
  ask(request: string): Promise<Answered> {
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#late ??= setTimeout(() => this.#look(), PATIENCE_MS);
      this.#askedAt = performance.now();
      this.#open().write(request, "latin1");
    });
  }

  close(): void {
    clearTimeout(this.#late);
    this.#socket?.destroy();
  }

  #askedAt = 0;

  /** One timer for many requests: a request a timer would cost more than the request. */
  #look(): void {
    const left = this.#done ? this.#askedAt + PATIENCE_MS - performance.now() : PATIENCE_MS;
    this.#late = undefined;
    if (left <= 0) this.#lose("NO_ANSWER");
    else if (this.#done) this.#late = setTimeout(() => this.#look(), left);
  }

  #open(): Socket {
    if (this.#socket) return this.#socket;
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    this.#socket = socket;
    this.#text = "";
    socket.on("data", (bytes) => this.#hear(bytes.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => socket === this.#socket && this.#lose("CONNECTION_LOST"));
    return socket;
  }

  #hear(text: string): void {
    this.#text += text;
    const head = this.#text.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#text)?.[1]);
    if (this.#text.length < head + 4 + length) return;
    this.#end({ status: Number(this.#text.slice(9, 12)), text: this.#text.slice(head + 4) });
  }

  #lose(why: string): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#end({ status: 0, text: why });
  }

  #end(answer: Answered): void {
    const done = this.#done;
    this.#done = undefined;
    this.#text = "";
    done?.(answer);
  }
}
