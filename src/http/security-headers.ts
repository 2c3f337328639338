import type { HelmetOptions } from "helmet";

/** On every answer, the hot one's too: it is about somebody, so nobody between keeps it, and it is what it says it is. */
export const ANSWER_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
});

/**
 * What Express's answers carry beside. JSON needs none of it; pages that a browser shows do, and whoever opens an answer
 * in one is safe as well. The hot answer, JSON and nothing else, is spared these bytes.
 */
export const HELMET: HelmetOptions = {
  contentSecurityPolicy: {
    directives: {
      defaultSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
      objectSrc: ["'none'"],
      imgSrc: ["'self'", "data:"],
      // TLS ends in front of us where there is any; on a laptop there is none to upgrade to
      upgradeInsecureRequests: null,
    },
  },
  xFrameOptions: { action: "deny" },
};
