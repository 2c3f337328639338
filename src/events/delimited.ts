/** One record of a delimited file. */
export interface Record {
  /** The line it starts on, from 1. */
  readonly line: number;
  /** Undefined when it could not be cut into fields; then `broken` says why. */
  readonly fields: readonly string[];
  readonly broken?: string;
}

/**
 * Cuts text that arrives in pieces into records: quotes may hold delimiters, doubled quotes and line ends (RFC 4180);
 * "blanks" cuts at any run of blanks, quotes included. CR LF and LF both end a line; blank lines are passed over.
 */
export class DelimitedReader {
  readonly #delimiter: string;
  #rest = "";
  #line = 0;
  #start = true;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  /** The records that are complete with this piece. */
  *push(piece: string): Generator<Record> {
    let text = this.#rest + piece;
    if (this.#start && text.length > 0) {
      this.#start = false;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1); // byte order mark
    }
    let from = 0;
    let looking = 0;
    for (;;) {
      const end = text.indexOf("\n", looking);
      if (end < 0) break;
      const raw = text.slice(from, end);
      const open = this.#isOpen(raw);
      if (open && raw.length < MAX_RECORD) {
        looking = end + 1; // the record goes on after this line end
        continue;
      }
      const last = open ? text.indexOf("\n", from) : end;
      const record = this.#record(text.slice(from, last));
      if (record) yield record;
      from = last + 1;
      looking = from;
    }
    this.#rest = text.slice(from);
  }

  /** The last record, when the file does not end with a line end, and what follows a quote that was never closed. */
  *end(): Generator<Record> {
    while (this.#rest !== "") {
      const raw = this.#rest;
      const line = this.#isOpen(raw) ? raw.indexOf("\n") : -1;
      this.#rest = "";
      const record = this.#record(line < 0 ? raw : raw.slice(0, line));
      if (record) yield record;
      if (line >= 0) yield* this.push(raw.slice(line + 1));
    }
  }

  #isOpen(raw: string): boolean {
    return this.#delimiter !== "blanks" && insideQuotes(raw);
  }

  #record(raw: string): Record | undefined {
    const line = this.#line + 1;
    for (let i = raw.indexOf("\n"); i >= 0; i = raw.indexOf("\n", i + 1)) this.#line++;
    this.#line++;
    const text = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (text.trim() === "") return undefined;
    if (this.#delimiter === "blanks") return { line, fields: text.trim().split(/\s+/) };
    const fields = cut(text, this.#delimiter);
    return fields
      ? { line, fields }
      : { line, fields: [], broken: "a quote is not closed, or text follows a closed one" };
  }
}

/** A record longer than this has lost a quote: its first line is reported as broken, and the next one is read anew. */
const MAX_RECORD = 1 << 16;

function insideQuotes(text: string): boolean {
  let quotes = 0;
  for (let i = text.indexOf('"'); i >= 0; i = text.indexOf('"', i + 1)) quotes++;
  return quotes % 2 === 1;
}

function cut(text: string, delimiter: string): string[] | undefined {
  if (!text.includes('"')) return text.split(delimiter);
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      let field = "";
      let from = at + 1;
      for (;;) {
        const quote = text.indexOf('"', from);
        if (quote < 0) return undefined;
        field += text.slice(from, quote);
        if (text[quote + 1] !== '"') {
          at = quote + 1;
          break;
        }
        field += '"';
        from = quote + 2;
      }
      fields.push(field);
      if (at === text.length) return fields;
      if (text[at] !== delimiter) return undefined;
      at++;
    } else {
      const end = text.indexOf(delimiter, at);
      if (end < 0) {
        fields.push(text.slice(at));
        return fields;
      }
      fields.push(text.slice(at, end));
      at = end + 1;
    }
  }
}
