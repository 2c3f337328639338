import { describe, expect, test } from "vitest";
import { PortraitError } from "../../src/errors.ts";
import type { ArtifactStore } from "../../src/scoring/artifact.ts";
import { createLayeredArtifacts, pushArtifacts } from "../../src/stores/layered-artifacts.ts";
import { createMemoryArtifacts } from "../../src/stores/memory/artifacts.ts";
import { constantArtifact } from "../support/constant-artifact.ts";

/** A store whose Redis is away. */
const away = new Proxy({} as ArtifactStore, {
  get: () => async () => {
    throw new PortraitError("REDIS_AWAY", "not there");
  },
});

describe("two layers", () => {
  test("what is saved and promoted is in both", async () => {
    const [shared, near] = [createMemoryArtifacts(), createMemoryArtifacts()];
    const both = createLayeredArtifacts(shared, near);
    await both.save(constantArtifact());
    await both.promote("bank", "v1", "first");
    for (const store of [shared, near]) expect(await store.champion("bank")).toBe("v1");
  });

  test("a version that only the others have comes near when it is promoted", async () => {
    const [shared, near] = [createMemoryArtifacts(), createMemoryArtifacts()];
    await shared.save(constantArtifact());
    await createLayeredArtifacts(shared, near).promote("bank", "v1", "first");
    expect(await near.champion("bank")).toBe("v1");
  });

  test("while Redis is away the near ones are read, and nothing is promoted", async () => {
    const near = createMemoryArtifacts();
    await near.save(constantArtifact());
    await near.promote("bank", "v1", "first");
    const both = createLayeredArtifacts(away, near);
    expect(await both.models()).toEqual(["bank"]);
    expect((await both.load("bank", "v1")).manifest.version).toBe("v1");
    await near.save(constantArtifact({ version: "v2" }));
    await expect(both.promote("bank", "v2", "better")).rejects.toMatchObject({ code: "REDIS_AWAY" });
    expect(await near.champion("bank")).toBe("v1");
  });
});

describe("pushing what was made on this host", () => {
  const at = (time: number) => createMemoryArtifacts({ now: () => time });

  test("unknown versions and the first champion go to all; again, nothing is left to do", async () => {
    const [near, shared] = [at(1_000), at(2_000)];
    await near.save(constantArtifact());
    await near.promote("bank", "v1", "first");
    expect(await pushArtifacts(near, shared)).toEqual({ versions: 1, promotions: 1 });
    expect(await shared.champion("bank")).toBe("v1");
    expect(await pushArtifacts(near, shared)).toEqual({ versions: 0, promotions: 0 });
  });

  test("the later promotion wins, wherever it was made", async () => {
    const [near, shared] = [at(1_000), at(2_000)];
    for (const store of [near, shared]) await store.save(constantArtifact());
    await near.promote("bank", "v1", "early");
    await shared.save(constantArtifact({ version: "v2" }));
    await shared.promote("bank", "v2", "late");
    await pushArtifacts(near, shared);
    expect(await shared.champion("bank")).toBe("v2");

    const later = at(3_000);
    await later.save(constantArtifact({ version: "v3" }));
    await later.promote("bank", "v3", "latest");
    await pushArtifacts(later, shared);
    expect(await shared.champion("bank")).toBe("v3");
  });

  test("a damaged version is named and left; the others go", async () => {
    const [near, shared] = [at(1_000), at(2_000)];
    await near.save(constantArtifact());
    await near.save(constantArtifact({ version: "v2" }));
    const half: ArtifactStore = {
      ...near,
      load: async (model, version) => {
        if (version === "v2") throw new PortraitError("ARTIFACT_BROKEN", "cut short");
        return near.load(model, version);
      },
    };
    const named: string[] = [];
    await pushArtifacts(half, shared, (_, version, { code }) => named.push(`${version} ${code}`));
    expect(named).toEqual(["v2 ARTIFACT_BROKEN"]);
    expect(await shared.versions("bank")).toEqual(["v1"]);
  });
});
