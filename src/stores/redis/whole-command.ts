import { Command } from "ioredis";

/**
 * A command whose bytes are written already, so that the client neither takes its arguments apart nor copies them. In
 * all else it is a command like any other: it waits its turn, it is answered, timed, redirected and refused.
 *
 * `args` are read by a Cluster alone, which looks for the keys' slot. The bytes must stay as they are until the answer.
 */
export class WholeCommand extends Command {
  readonly #bytes: Buffer;

  constructor(name: string, args: readonly string[], bytes: Buffer) {
    super(name, [...args], { replyEncoding: "utf8" });
    this.#bytes = bytes;
  }

  override toWritable(): Buffer {
    return this.#bytes;
  }
}

/** Arguments as Redis reads them: how long each is, then itself. */
export const argumentsText = (texts: readonly string[]): string =>
  texts.map((text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`).join("");
