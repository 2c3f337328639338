import { createServer as createPlainServer } from "node:http";
import type { AddressInfo } from "node:net";
import { compose } from "../compose.ts";
import { loadConfig } from "../config.ts";
import { silentLog } from "../log.ts";
import type { ScoreAnswer } from "../scoring/score.ts";
import { createApi, scoringOf } from "./app.ts";
import { createScoreScanner } from "./scan-score.ts";
import { createReadScore } from "./score-body.ts";
import { createServer } from "./server.ts";
import { answerOnSockets } from "./socket-front.ts";
import { answerText } from "./write-answer.ts";

/**
 * A server of the bench as a process of its own: bench-serve-child <ours|front|express|bare> <Redis URL>; the var folder comes
 * by the environment. Says its port when it listens, and ends when its standard input does.
 */
const [what, redisUrl] = process.argv.slice(2);
const { services } = await compose(loadConfig(process.env), { log: silentLog, redisUrl });

/** What `node:http` costs with nothing around our parse, score and serialise: no key, no limits, no id, no counters. */
function bare() {
  const service = scoringOf(services);
  const read = createReadScore(createScoreScanner(services.champions.current));
  return createPlainServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    const send = (answer: ScoreAnswer) => {
      const text = answerText(answer);
      res.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
      res.end(text);
    };
    req.on("end", () => {
      const answer = service.scoreAtOnce(read(Buffer.concat(chunks)));
      if (answer instanceof Promise) void answer.then(send);
      else send(answer);
    });
  });
}

function ours() {
  const { app, hot } = createApi(services);
  const server = createServer(app, what === "express" ? undefined : hot);
  if (what === "ours") answerOnSockets(server, hot);
  return server;
}

const server = (what === "bare" ? bare() : ours()).listen(0, "127.0.0.1", () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));
