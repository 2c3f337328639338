import { type ChildProcess, spawn } from "node:child_process";

export interface ActorOptions {
  readonly name: string;
  /** Program and arguments of the next life. */
  readonly command: () => readonly [program: string, args: readonly string[]];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly restartMs: number;
  /** Told of each end: by whom, and with what exit code or signal. */
  readonly onEnd?: (killed: boolean, how: string, said: string) => void;
}

/** A process that is started again whenever it ends, until it is stopped. */
export class Actor {
  readonly #options: ActorOptions;
  #child: ChildProcess | undefined;
  #ready = false;
  #stopped = false;
  #killed = false;
  #restartMs: number;
  #since = 0;
  #lives = 0;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: ActorOptions) {
    this.#options = options;
    this.#restartMs = options.restartMs;
    // a soak that ends in a hurry must not leave its actors behind
    process.once("exit", () => this.#child?.kill("SIGKILL"));
    this.#start();
  }

  /** Whether it has said "ready" in this life. */
  get ready(): boolean {
    return this.#ready;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How often it was started. */
  get lives(): number {
    return this.#lives;
  }

  /** How long it has been ready, in ms. */
  get readyMs(): number {
    return this.#ready ? performance.now() - this.#since : 0;
  }

  /** Ends it as a crash would. @param awayMs how long it stays away, this once */
  kill(awayMs = this.#options.restartMs): boolean {
    this.#killed = true;
    this.#restartMs = awayMs;
    return this.#child?.kill("SIGKILL") ?? false;
  }

  /** Asks it to end, and lets it be. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.#stopped = true;
    this.#killed = true;
    const child = this.#child;
    if (!child) return;
    const late = setTimeout(() => child.kill("SIGKILL"), 60_000);
    child.kill(signal);
    await this.#ended;
    clearTimeout(late);
  }

  #start(): void {
    const { command, env, onEnd } = this.#options;
    this.#restartMs = this.#options.restartMs;
    const [program, args] = command();
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#lives++;
    this.#ready = false;
    this.#killed = false;
    let said = "";
    const listen = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-3_000);
      if (this.#ready || !/ready|listening|"answers"|takes events|http:\/\//i.test(said)) return;
      this.#ready = true;
      this.#since = performance.now();
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    this.#ended = new Promise((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", (code, signal) => {
        this.#child = undefined;
        this.#ready = false;
        onEnd?.(this.#killed, String(signal ?? code), said);
        if (!this.#stopped) setTimeout(() => !this.#stopped && this.#start(), this.#restartMs);
        resolve();
      });
    });
  }
}
