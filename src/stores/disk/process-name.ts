import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** `<host> <process namespace> <pid> <start>`: no two processes have the same one, also when a pid is given out again. */
const NAME = /^(\S+ \S+) ([1-9]\d*) (\S+)$/;
const UNKNOWN = "-";

let own: string | undefined;

/** What tells this process from every other, in one line. */
export function ownName(): string {
  own ??= `${here()} ${process.pid} ${stateOf(process.pid)?.start ?? UNKNOWN}`;
  return own;
}

/** Whether the process of that name has ended for certain. One of another machine or container cannot be seen from here. */
export function isGone(name: string): boolean {
  const [, place, pid, start] = NAME.exec(name) ?? [];
  if (place !== here()) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  const state = stateOf(Number(pid));
  return state !== undefined && (state.ended || (start !== UNKNOWN && start !== state.start));
}

/** The world in which a pid means one process: containers may share a host's name and a folder, not their pids. */
function here(): string {
  let namespace = UNKNOWN;
  try {
    namespace = readlinkSync("/proc/self/ns/pid");
  } catch {}
  return `${hostname().replace(/\s/g, "_") || UNKNOWN} ${namespace}`;
}

/** Undefined where the system does not tell (/proc is Linux's). `start` in clock ticks since the machine's own. */
function stateOf(pid: number): { readonly ended: boolean; readonly start: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { ended: fields[0] === "Z" || fields[0] === "X", start: fields[19] };
  } catch {
    return undefined;
  }
}
