import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import type { RetrainQueue } from "../../retraining/queue.ts";
import type { Recipe } from "../../retraining/recipe.ts";
import { type ArtifactStore, type Manifest, versionBefore } from "../../scoring/artifact.ts";
import type { ChampionHolder } from "../../scoring/champions.ts";
import { json, type Route, route } from "../route.ts";
import { MetricsBySource, ModelName, Moment, VersionName } from "../schemas.ts";

/** The name under which segments are made anew: asked for like a model, kept elsewhere. */
const SEGMENTS = "segments";
const VERSIONS_SHOWN = 50;

const Name = z.strictObject({ name: ModelName });

const VersionFace = z.object({
  version: z.string(),
  kind: z.string(),
  createdAt: Moment,
  champion: z.boolean(),
  metrics: MetricsBySource,
});

const ModelFace = z.object({
  name: z.string(),
  about: z.string().optional(),
  entity: z.string().optional(),
  event: z.string().optional().meta({ description: "The event in flight that it judges" }),
  /** Absent while the model has no champion. */
  champion: z.object({ version: z.string(), kind: z.string(), createdAt: Moment, metrics: MetricsBySource }).optional(),
});

const ModelPage = ModelFace.extend({
  columns: z.array(z.record(z.string(), z.unknown())).optional().meta({ description: "What inline features may hold" }),
  bands: z.array(z.object({ name: z.string(), from: z.number() })).optional(),
  history: z.array(z.object({ version: z.string(), why: z.string(), at: Moment })),
});

const Asked = z.object({ job: z.string(), alreadyRunning: z.boolean(), at: z.string() });
const Changed = z.object({ model: z.string(), version: z.string(), before: z.string().optional() });

export interface ModelNeeds {
  readonly recipes: readonly Recipe[];
  readonly artifacts: ArtifactStore;
  readonly champions: ChampionHolder;
  readonly promote: (model: string, version: string, why: string) => Promise<void>;
  readonly retraining: RetrainQueue;
  readonly seed: number;
}

export function modelRoutes(needs: ModelNeeds): Route[] {
  const { recipes, artifacts, champions, promote, retraining, seed } = needs;
  const recipeOf = (name: string) => recipes.find((recipe) => recipe.name === name);

  const faceOf = (name: string) => {
    const recipe = recipeOf(name);
    const champion = champions.current().get(name);
    return {
      name,
      ...(recipe && { about: recipe.about, entity: recipe.entity }),
      ...(recipe?.target.kind === "event-becomes" && { event: recipe.target.event }),
      ...(champion && { champion: championFace(champion.manifest) }),
    };
  };

  /** @throws MODEL_UNKNOWN when it is neither stored nor declared */
  async function mustExist(name: string): Promise<string[]> {
    const versions = await artifacts.versions(name);
    if (versions.length > 0 || recipeOf(name) || champions.current().has(name)) return versions;
    const known = [...new Set([...champions.current().keys(), ...recipes.map((recipe) => recipe.name)])].sort();
    throw new PortraitError(
      "MODEL_UNKNOWN",
      `Wanted one of ${known.join(", ") || "no models yet"}; this is none of them.`,
    );
  }

  return [
    route({
      method: "get",
      path: "/v1/models",
      scope: "read",
      group: "Models",
      summary: "The models, and which version of each answers",
      answers: { 200: { about: "All that are stored or declared", schema: z.object({ models: z.array(ModelFace) }) } },
      errors: [],
      async handle() {
        // the champions in memory are asked, not the store: this answers without Redis too
        const names = new Set([...champions.current().keys(), ...recipes.map((recipe) => recipe.name)]);
        return json({ models: [...names].sort().map(faceOf) });
      },
    }),

    route({
      method: "get",
      path: "/v1/models/:name",
      scope: "read",
      group: "Models",
      summary: "One model: its champion, its columns, its history",
      params: Name,
      answers: { 200: { about: "The model", schema: ModelPage } },
      errors: ["MODEL_UNKNOWN", "REDIS_AWAY"],
      async handle({ params: { name } }) {
        await mustExist(name);
        const manifest = champions.current().get(name)?.manifest;
        return json({
          ...faceOf(name),
          ...(manifest && { columns: manifest.columns, bands: manifest.bands }),
          history: await artifacts.history(name),
        });
      },
    }),

    route({
      method: "get",
      path: "/v1/models/:name/versions",
      scope: "read",
      group: "Models",
      summary: `The newest ${VERSIONS_SHOWN} versions of a model`,
      params: Name,
      answers: {
        200: {
          about: "Newest first",
          schema: z.object({
            versions: z.array(VersionFace),
            damaged: z.array(z.object({ version: z.string(), code: z.string() })),
          }),
        },
      },
      errors: ["MODEL_UNKNOWN", "REDIS_AWAY"],
      async handle({ params: { name } }) {
        const names = (await mustExist(name)).slice(0, VERSIONS_SHOWN);
        const champion = await artifacts.champion(name);
        const versions: z.infer<typeof VersionFace>[] = [];
        const damaged: { version: string; code: string }[] = [];
        for (const version of names) {
          try {
            const { manifest } = await artifacts.load(name, version);
            versions.push({ ...championFace(manifest), champion: version === champion });
          } catch (error) {
            if (!(error instanceof PortraitError) || error.retry) throw error;
            damaged.push({ version, code: error.code });
          }
        }
        return json({ versions, damaged });
      },
    }),

    route({
      method: "post",
      path: "/v1/models/:name/retrain",
      scope: "train",
      group: "Models",
      summary: "Ask for a new version; what is under way is not begun twice",
      params: Name,
      body: z
        .strictObject({
          until: Moment.optional().meta({ description: "Nothing known later is learned from" }),
          reason: z.enum(["schedule", "feedback", "drift", "manual"]).default("manual"),
          seed: z.int().optional(),
        })
        .optional(),
      bodyOptional: true,
      audit: {
        kind: "change",
        about: ({ params, body }) => ({ model: params.name, reason: body?.reason ?? "manual" }),
      },
      answers: { 202: { about: "The job that makes it, and where to look at it", schema: Asked } },
      errors: ["MODEL_UNKNOWN", "RECIPE_UNKNOWN", "REDIS_AWAY", "REDIS_FULL"],
      async handle({ params: { name }, body }) {
        if (!recipeOf(name) && name !== SEGMENTS) {
          const declared = [...recipes.map((recipe) => recipe.name), SEGMENTS].join(", ");
          if (!champions.current().has(name)) {
            throw new PortraitError("MODEL_UNKNOWN", `Wanted one of ${declared}; this is none of them.`);
          }
          throw new PortraitError(
            "RECIPE_UNKNOWN",
            `The model ${name} was made from a table: \`portrait train <file>\` makes it anew. From the log: ${declared}.`,
          );
        }
        const { id, alreadyRunning } = await retraining.ask({
          model: name,
          reason: body?.reason ?? "manual",
          seed: body?.seed ?? seed,
          ...(body?.until !== undefined && { until: Date.parse(body.until) }),
        });
        const at = `/v1/jobs/${encodeURIComponent(id)}`;
        return { status: 202, json: { job: id, alreadyRunning, at }, headers: { Location: at } };
      },
    }),

    route({
      method: "post",
      path: "/v1/models/:name/promote",
      scope: "admin",
      group: "Models",
      summary: "Make a stored version the one that answers",
      params: Name,
      body: z.strictObject({ version: VersionName, why: z.string().min(1).max(500) }),
      audit: { kind: "change", about: ({ params, body }) => ({ model: params.name, version: body.version }) },
      answers: { 200: { about: "It answers from now on", schema: Changed } },
      errors: ["MODEL_UNKNOWN", "VERSION_UNKNOWN", "ARTIFACT_BROKEN", "ARTIFACT_FORMAT", "REDIS_AWAY", "REDIS_FULL"],
      async handle({ params: { name }, body: { version, why } }) {
        await mustExist(name);
        return json(await change(name, version, why));
      },
    }),

    route({
      method: "post",
      path: "/v1/models/:name/rollback",
      scope: "admin",
      group: "Models",
      summary: "Let the version answer again that answered before",
      params: Name,
      body: z.strictObject({ why: z.string().min(1).max(500).optional() }).optional(),
      bodyOptional: true,
      audit: { kind: "change", about: ({ params }) => ({ model: params.name }) },
      answers: { 200: { about: "It answers from now on", schema: Changed } },
      errors: ["MODEL_UNKNOWN", "VERSION_UNKNOWN", "ARTIFACT_BROKEN", "ARTIFACT_FORMAT", "REDIS_AWAY", "REDIS_FULL"],
      async handle({ params: { name }, body }) {
        await mustExist(name);
        const version = versionBefore(await artifacts.history(name));
        if (version === undefined) {
          throw new PortraitError("VERSION_UNKNOWN", `No other version of ${name} has answered before this one.`);
        }
        return json(await change(name, version, body?.why ?? "rolled back by hand"));
      },
    }),
  ];

  async function change(model: string, version: string, why: string): Promise<z.infer<typeof Changed>> {
    const before = await artifacts.champion(model);
    await artifacts.load(model, version); // a version that cannot be opened is refused before it is chosen
    await promote(model, version, why);
    return { model, version, ...(before !== undefined && { before }) };
  }
}

const championFace = ({ version, kind, createdAt, metrics }: Manifest) => ({
  version,
  kind,
  createdAt,
  metrics: metrics as Record<string, Record<string, number | null>>,
});
