import { createTimes } from "./times.ts";

/** The histogram of answering times, by method, route and status. */
export function createRequestTimes() {
  const { observe, metric } = createTimes("portrait_http_request_seconds", "Time to answer, by route and status");
  // most are of one kind: a text that was a key before needs no hashing
  let last = { method: "", route: "", status: 0, key: "" };
  return {
    metric,
    observe(method: string, route: string, status: number, seconds: number): void {
      if (last.route !== route || last.status !== status || last.method !== method)
        last = { method, route, status, key: `${method} ${route} ${status}` };
      observe(last.key, seconds, () => ({ method, route, status: String(status) }));
    },
  };
}
