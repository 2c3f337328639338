import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ask, portrait } from "../support/portrait-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const CONNECTIONS = 10_000;
/** Both processes hold a file for each; what is allowed here stands in /proc. */
const filesAllowed = () => Number(/Max open files\s+(\d+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
const rssKb = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

test.skipIf(process.platform !== "linux" || filesAllowed() < CONNECTIONS + 1_000)(
  "ten thousand idle connections cost some kilobytes each, and who asks is answered",
  async () => {
    const serving = portrait(["serve", "--json"], { PORTRAIT_VAR: tempDir() });
    const { url } = (await serving.hear("portrait answers")) as { url: string };
    const { hostname, port } = new URL(url);
    expect((await ask(url, "GET", "/v1/models")).status).toBe(200);
    const before = rssKb(serving.pid);
    const sockets: Socket[] = [];
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    while (sockets.length < CONNECTIONS) {
      const some = Array.from({ length: 250 }, () => connect(Number(port), hostname).on("error", () => {}));
      sockets.push(...some);
      await Promise.all(some.map((socket) => once(socket, "connect")));
    }
    for (let i = 0; i < 20; i++) expect((await ask(url, "GET", "/v1/models")).status).toBe(200);
    const each = (rssKb(serving.pid) - before) / CONNECTIONS;
    expect(each).toBeLessThan(20);
    expect(sockets.filter(({ destroyed }) => destroyed).length).toBeLessThan(CONNECTIONS);
    expect(await serving.end()).toBe(0); // and they do not hold up its end
  },
);
