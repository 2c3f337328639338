import { execFile } from "node:child_process";
import { PORTRAIT } from "./main.ts";

/** Runs `portrait …` as a process of its own with its var folder at `root`. */
export function portrait(root: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    const env = { PATH: process.env.PATH, HOME: "/tmp", NO_COLOR: "1", PORTRAIT_VAR: root };
    execFile(process.execPath, [...PORTRAIT, ...args], { env }, (error, out, err) =>
      done({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}
