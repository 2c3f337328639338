import { z } from "zod";
import { asCategory, type Kind, ofMoment, readEach } from "../kind.ts";
import { wantSeries, wantWindow } from "../layout.ts";
import type { Moments } from "../moment.ts";
import { Window, windowText } from "../window.ts";
import { EventName, KEEPS, words } from "../words.ts";

/**
 * How far along a path someone is: the last of its stages of which any event happened within the window, such as
 * attention → interest → search → purchase → share. As a category the stage's name, missing when none was reached;
 * as a number its place from 1 on, 0 when none was. Stages need not follow each other in time.
 */
export const Path = z.strictObject({
  kind: z.literal("path"),
  ...words,
  stages: z.array(z.strictObject({ name: z.string().min(1).max(60), events: z.array(EventName).min(1) })).min(2),
  window: Window,
  as: z.enum(["number", "category"]).default("category"),
});

export const path: Kind<z.infer<typeof Path>> = {
  says: "the furthest stage reached of a path, such as attention, interest, search, purchase, share",
  keeps: KEEPS.window,
  face: ({ as, window }) => ({ type: as, unit: "stage", window: windowText(window) }),
  plan({ stages, window, as }, layout) {
    // the furthest first: where events are, the path has been followed so far at least
    const steps = stages.flatMap(({ events }, i) =>
      events.map((event) => ({ stage: i + 1, cell: wantWindow(layout, wantSeries(layout, event), window).cell })),
    );
    steps.reverse();
    const cells = steps.map(({ cell }) => cell);
    const reached = ({ windows, begins, ends }: Moments, k: number): number => {
      for (let i = 0; i < steps.length; i++) {
        const { cell, stage } = steps[i];
        if (ends[k * windows + cell] > begins[k * windows + cell]) return stage;
      }
      return 0;
    };
    const names = [undefined, ...stages.map(({ name }) => name)];
    return as === "number"
      ? ofMoment({ read: reached }, readEach, cells)
      : asCategory((moments, k) => names[reached(moments, k)], undefined, cells);
  },
};
