import { z } from "zod";
import { PortraitError } from "../../errors.ts";
import { TASKS } from "../../retraining/job.ts";
import { isFinished, JOB_STATES, type JobView, type RetrainQueue } from "../../retraining/queue.ts";
import { json, type Route, route } from "../route.ts";
import { Moment } from "../schemas.ts";

const Id = z.strictObject({ id: z.string().min(1).max(200) });

const JobShape = z.object({
  id: z.string(),
  task: z.enum(TASKS).optional().meta({ description: "Absent = retrain" }),
  model: z.string(),
  reason: z.string(),
  state: z.enum(JOB_STATES),
  askedAt: Moment,
  startedAt: Moment.optional(),
  endedAt: Moment.optional(),
  attempts: z.int(),
  progress: z.object({ done: z.number().min(0).max(1), step: z.string() }).optional(),
  result: z
    .object({
      model: z.string(),
      version: z.string(),
      promoted: z.boolean(),
      why: z.string(),
      scored: z.int().optional().meta({ description: "Of score-all: how many were scored" }),
      failed: z.int().optional().meta({ description: "Of score-all: how many the model could not calculate with" }),
      file: z.string().optional().meta({ description: "Of score-all: the Parquet file, below the var folder" }),
    })
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
  /** By hand and not as a generator: a generator that waits for the next change does not hear that it should return. */
  const changes = (id: string) => ({
    [Symbol.asyncIterator]() {
      const jobs = retraining.events(id)[Symbol.asyncIterator]();
      return {
        async next() {
          const { done, value: job } = await jobs.next();
          if (done) return { done, value: undefined };
          return { done: false as const, value: { event: isFinished(job) ? "end" : "progress", data: view(job) } };
        },
        async return() {
          await jobs.return?.();
          return { done: true as const, value: undefined };
        },
      };
    },
  });

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
      audit: { kind: "change", about: ({ params }) => ({ job: params.id }) },
      answers: { 200: { about: "The job as it is now", schema: JobShape } },
      errors: ["JOB_UNKNOWN", "REDIS_AWAY"],
      handle: async ({ params }) => json(view(known(await retraining.cancel(params.id)))),
    }),
  ];
}
