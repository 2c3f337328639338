import { createTimes } from "./times.ts";

/** The histogram of answering times, by method, route and status. */
export function createRequestTimes() {
  const { observe, metric } = createTimes("portrait_http_request_seconds", "Time to answer, by route and status");
  return {
    metric,
    observe(method: string, route: string, status: number, seconds: number): void {
      observe(`${method} ${route} ${status}`, seconds, () => ({ method, route, status: String(status) }));
    },
  };
}
