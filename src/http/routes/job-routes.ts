import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import { isFinished, JOB_STATES, type JobView, type RetrainQueue } from "../../retraining/queue.ts";
import { json, type Route, route } from "../route.ts";
import { Moment } from "../schemas.ts";

const Id = z.strictObject({ id: z.string().min(1).max(200) });

const JobShape = z.object({
  id: z.string(),
  model: z.string(),
  reason: z.string(),
  state: z.enum(JOB_STATES),
  askedAt: Moment,
  startedAt: Moment.optional(),
  endedAt: Moment.optional(),
  attempts: z.int(),
  progress: z.object({ done: z.number().min(0).max(1), step: z.string() }).optional(),
  result: z
    .object({ model: z.string(), version: z.string(), promoted: z.boolean(), why: z.string() })
    .optional()
    .meta({ description: "When it is done" }),
  failure: z.object({ code: z.string(), message: z.string() }).optional().meta({ description: "When it failed" }),
});

const iso = (ms: number) => new Date(ms).toISOString();

const view = ({ askedAt, startedAt, endedAt, ...rest }: JobView): z.infer<typeof JobShape> => ({
  ...rest,
  askedAt: iso(askedAt),
  ...(startedAt !== undefined && { startedAt: iso(startedAt) }),
  ...(endedAt !== undefined && { endedAt: iso(endedAt) }),
});

function known(job: JobView | undefined): JobView {
  if (job) return job;
  throw new PortraitError("JOB_UNKNOWN", "There is no job of this id; finished ones are kept for a while only.");
}

export function jobRoutes({ retraining }: { readonly retraining: RetrainQueue }): Route[] {
  async function* changes(id: string) {
    for await (const job of retraining.events(id)) {
      yield { event: isFinished(job) ? "end" : "progress", data: view(job) };
    }
  }

  return [
    route({
      method: "get",
      path: "/v1/jobs/:id",
      scope: "read",
      group: "Jobs",
      summary: "How far a job has come",
      params: Id,
      answers: { 200: { about: "The job as it is now", schema: JobShape } },
      errors: ["JOB_UNKNOWN", "REDIS_AWAY"],
      handle: async ({ params }) => json(view(known(await retraining.job(params.id)))),
    }),
    route({
      method: "get",
      path: "/v1/jobs/:id/stream",
      scope: "read",
      group: "Jobs",
      summary: "A job as it goes on, as server-sent events",
      params: Id,
      answers: {
        200: {
          about: "`progress` for each change, `end` for the last; the data is the job",
          type: "text/event-stream",
        },
      },
      errors: ["JOB_UNKNOWN", "REDIS_AWAY"],
      async handle({ params }) {
        known(await retraining.job(params.id));
        return { events: changes(params.id) };
      },
    }),
    route({
      method: "delete",
      path: "/v1/jobs/:id",
      scope: "train",
      group: "Jobs",
      summary: "Cancel a job; one that has ended stays as it is",
      params: Id,
      answers: { 200: { about: "The job as it is now", schema: JobShape } },
      errors: ["JOB_UNKNOWN", "REDIS_AWAY"],
      handle: async ({ params }) => json(view(known(await retraining.cancel(params.id)))),
    }),
  ];
}
