import { paint } from "../terminal.ts";

/** How the demo tells its story: numbered titles, then plain sentences. */
export interface Story {
  chapter(title: string): void;
  say(text: string): void;
  /** Indented under the last sentence. */
  quote(lines: readonly string[]): void;
}

export function createStory(write: (text: string) => void = (text) => process.stdout.write(text)): Story {
  let number = 0;
  return {
    chapter(title) {
      number++;
      write(`\n${paint("bold", `${number}  ${title}`)}\n`);
    },
    say: (text) => write(`   ${text}\n`),
    quote: (lines) => write(lines.map((line) => `     ${line}\n`).join("")),
  };
}

export const count = (value: number): string => value.toLocaleString("en-US");
export const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
