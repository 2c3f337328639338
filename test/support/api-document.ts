import type { ApiDocument } from "../../tools/client-types.ts";
import { serve } from "./serve.ts";

/** The OpenAPI document as a running server gives it. */
export async function apiDocument(): Promise<ApiDocument> {
  await using house = await serve();
  return (await house.get("/openapi.json")).body as unknown as ApiDocument;
}
