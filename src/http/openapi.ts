import { z } from "zod";
import { CODES, type ErrorCode } from "../errors.ts";
import type { Route } from "./route.ts";

/** What every call that wants a key, or a body, may answer beside what it declares. */
export function errorsOf(route: Route): ErrorCode[] {
  const always: ErrorCode[] = ["METHOD_NOT_ALLOWED"];
  const key: ErrorCode[] =
    route.scope === undefined ? [] : ["KEY_MISSING", "KEY_WRONG", "SCOPE_MISSING", "RATE_LIMITED"];
  const audit: ErrorCode[] = route.audit ? ["AUDIT_UNWRITABLE"] : [];
  const body: ErrorCode[] = route.body ? ["BODY_NOT_JSON", "BODY_TOO_LARGE", "MEDIA_TYPE_UNSUPPORTED"] : [];
  const input: ErrorCode[] = route.body || route.query || route.params ? ["INPUT_INVALID"] : [];
  return [...new Set([...input, ...body, ...key, ...always, ...audit, ...route.errors])];
}

type Json = Record<string, unknown>;

const PROBLEM: Json = {
  type: "object",
  description: "RFC 9457. `code` is the contract; `detail` says what was wanted, what was found and what to do.",
  required: ["type", "title", "status", "code", "detail"],
  properties: {
    type: { type: "string", description: "urn:portrait:error:<code>" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", enum: [...Object.keys(CODES), "INTERNAL"] },
    detail: { type: "string" },
    requestId: { type: "string" },
    facts: { type: "object", additionalProperties: true },
  },
};

/** OpenAPI 3.1 of the declared routes, from the very schemas that validate. */
export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "portrait",
      version: "1",
      summary: "Portraits of people and companies from what they do, and calibrated probabilities that can be proved.",
    },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "A key: `portrait keys create`" },
        basic: {
          type: "http",
          scheme: "basic",
          description: "The key as the user name, as Segment's libraries send it",
        },
      },
      schemas: { Problem: PROBLEM },
    },
  };
}

function operation(route: Route): Json {
  return {
    operationId: `${route.method}${route.path.replace(/[/:._-]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary: route.summary,
    tags: [route.group],
    ...(route.scope !== undefined && {
      security: [{ bearer: [] }, { basic: [] }],
      description: `Wants a key with the scope \`${route.scope}\` (or \`admin\`).`,
    }),
    parameters: [...parameters(route.params, "path"), ...parameters(route.query, "query")],
    ...(route.body && {
      requestBody: {
        required: !route.bodyOptional,
        content: {
          "application/json": { schema: schemaOf(route.body, "input") },
          ...(route.ndjson && {
            "application/x-ndjson": { schema: { type: "string", description: "One JSON object a line" } },
          }),
        },
      },
    }),
    responses: { ...answers(route), ...problems(route) },
  };
}

function parameters(schema: z.ZodType | undefined, place: "path" | "query"): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, "input") as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, shape]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: shape,
  }));
}

function answers(route: Route): Json {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, { about, schema, type = "application/json" }]) => [
      status,
      {
        description: about,
        content: { [type]: { schema: schema ? schemaOf(schema, "output") : { type: "string" } } },
      },
    ]),
  );
}

/** Errors by status; a status may have several codes. */
function problems(route: Route): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(route)) {
    const { status } = CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const shape = (codes: readonly string[]) => ({
    allOf: [{ $ref: "#/components/schemas/Problem" }, { properties: { code: { enum: codes } } }],
  });
  const answer = (codes: readonly string[], words: string) => ({
    description: words,
    content: { "application/problem+json": { schema: shape(codes) } },
  });
  const internal = [...(byStatus.get(500) ?? []), "INTERNAL"];
  byStatus.delete(500);
  return {
    ...Object.fromEntries(
      [...byStatus].map(([status, codes]) => [
        status,
        answer(codes, codes.map((code) => `${code}: ${CODES[code].title}`).join(" · ")),
      ]),
    ),
    500: answer(internal, "Something broke on our side"),
  };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12", io, unrepresentable: "any" });
  return rest;
}
