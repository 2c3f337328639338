/** As much of OpenAPI as our own document speaks. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: { readonly schemas: { readonly Problem: Schema } };
}
interface ApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>;
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly description?: string;
}

/** The text of `client/api.ts`: the types of every call, from the OpenAPI document. Same document, same bytes. */
export function clientTypes({ paths, components }: ApiDocument): string {
  const operations = Object.entries(paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, one]) => ({ path, method, ...one })))
    .sort((a, b) => (a.operationId < b.operationId ? -1 : 1));
  const codes = components.schemas.Problem.properties?.code?.enum ?? [];
  return [
    "// Made from the OpenAPI document by `npm run client`: change the routes, not this file.",
    "",
    "/** Why a call was refused: see the table in docs/api.md. */",
    `export type ErrorCode =\n${codes.map((code) => `  | ${JSON.stringify(code)}`).join("\n")};`,
    "",
    "/** What each call takes and answers, by its name. */",
    "export interface Calls {",
    ...operations.map((one) => callType(one)),
    "}",
    "",
    "/** Method, address, and how the answer comes. */",
    "export const CALLS = {",
    ...operations.map(
      ({ operationId, method, path, responses }) =>
        `  ${operationId}: [${JSON.stringify(method.toUpperCase())}, ${JSON.stringify(path)}, ${JSON.stringify(formOf(responses))}],`,
    ),
    "} as const;",
    "",
  ].join("\n");
}

/** How a good answer is read. */
function formOf(responses: ApiOperation["responses"]): "json" | "text" | "events" {
  const types = Object.values(responses).flatMap(({ content }) => Object.keys(content ?? {}));
  if (types.includes("text/event-stream")) return "events";
  return types.includes("application/json") ? "json" : "text";
}

function callType({ operationId, summary, description, parameters, requestBody, responses }: ApiOperation): string {
  const group = (place: string): Schema => {
    const found = parameters.filter((one) => one.in === place);
    return {
      type: "object",
      properties: Object.fromEntries(found.map(({ name, schema }) => [name, schema])),
      required: found.filter(({ required }) => required).map(({ name }) => name),
      additionalProperties: false,
    };
  };
  const lines = [`  /** ${summary}.${description ? ` ${description}` : ""} */`, `  ${operationId}: {`];
  const has = (place: string) => parameters.some((one) => one.in === place);
  if (has("path")) lines.push(`    path: ${typeOf(group("path"), 4)};`);
  if (has("query")) lines.push(`    query?: ${typeOf(group("query"), 4)};`);
  if (requestBody) {
    const schema = requestBody.content["application/json"].schema;
    lines.push(`    body${requestBody.required ? "" : "?"}: ${typeOf(schema, 4)};`);
  }
  return [...lines, `    answer: ${answerType(responses)};`, "  };"].join("\n");
}

function answerType(responses: ApiOperation["responses"]): string {
  const form = formOf(responses);
  if (form === "events") return "AsyncIterable<{ event: string; data: unknown }>";
  if (form === "text") return "string";
  const shapes = Object.values(responses).flatMap(({ content }) => {
    const schema = content?.["application/json"]?.schema;
    return schema ? [typeOf(schema, 4)] : [];
  });
  return [...new Set(shapes)].join(" | ");
}

/** A schema as a type, written into a place that is indented by `indent`. */
function typeOf(schema: Schema, indent: number): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return union(choices.map((one) => typeOf(one, indent)));
  if (schema.allOf) return schema.allOf.map((one) => `(${typeOf(one, indent)})`).join(" & ");
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => typeOf({ ...schema, type }, indent)));
  switch (schema.type) {
    case "object":
      return objectType(schema, indent);
    case "array": {
      if (schema.prefixItems) return `[${schema.prefixItems.map((one) => typeOf(one, indent)).join(", ")}]`;
      const item = schema.items ? typeOf(schema.items, indent) : "unknown";
      return /[|&]/.test(item) && !/^[{[]/.test(item) ? `(${item})[]` : `${item}[]`;
    }
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    default:
      return "unknown";
  }
}

const union = (types: readonly string[]) => [...new Set(types)].join(" | ");

function objectType({ properties = {}, required = [], additionalProperties }: Schema, indent: number): string {
  const names = Object.keys(properties);
  const free = additionalProperties === undefined || additionalProperties === false ? undefined : additionalProperties;
  const other = free === undefined ? undefined : `Record<string, ${free === true ? "unknown" : typeOf(free, indent)}>`;
  if (names.length === 0) return other ?? "Record<string, never>";
  const pad = " ".repeat(indent + 2);
  const lines = names.flatMap((name) => {
    const { description } = properties[name];
    const written = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    const line = `${pad}${written}${required.includes(name) ? "" : "?"}: ${typeOf(properties[name], indent + 2)};`;
    return description ? [`${pad}/** ${description.replaceAll("*/", "* /")} */`, line] : [line];
  });
  const own = ["{", ...lines, `${" ".repeat(indent)}}`].join("\n");
  return free === true ? `${own} & Record<string, unknown>` : own;
}
