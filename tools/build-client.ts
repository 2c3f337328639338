import { writeFileSync } from "node:fs";
import { apiDocument } from "../test/support/api-document.ts";
import { clientTypes } from "./client-types.ts";

/** Writes the types of the client from the routes as they are. `test/client/client.test.ts` holds the file to it. */
writeFileSync(new URL("../client/api.ts", import.meta.url), clientTypes(await apiDocument()));
