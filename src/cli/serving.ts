import { compose } from "../compose.ts";
import type { Config } from "../config.ts";
import { createApi } from "../http/app.ts";
import { createServer } from "../http/server.ts";
import type { Services } from "../http/services.ts";
import { answerOnSockets } from "../http/socket-front.ts";
import type { Log } from "../log.ts";
import { listen } from "./listen.ts";

export interface Serving {
  readonly url: string;
  readonly services: Services;
  /** Stops listening, finishes the requests in flight, closes the rest in reverse order. */
  close(): Promise<void>;
}

/** Opens the house and its door. @throws PortraitError PORT_IN_USE; what `compose` throws */
export async function startServing(
  config: Config,
  options: { readonly log: Log; readonly redisUrl?: string },
): Promise<Serving> {
  const house = await compose(config, options);
  try {
    const { app, hot } = createApi(house.services);
    const server = createServer(app, hot);
    answerOnSockets(server, hot);
    const door = await listen(server, config.http.host, config.http.port);
    return {
      url: door.url,
      services: house.services,
      async close() {
        await door.close();
        await house.close();
      },
    };
  } catch (error) {
    await house.close();
    throw error;
  }
}
