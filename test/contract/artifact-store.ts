import { expect, test } from "vitest";
import type { ArtifactStore } from "../../src/scoring/artifact.ts";
import { constantArtifact } from "../support/constant-artifact.ts";

/** The promises every store of versions keeps. Each `open` gives an empty store whose clock stands at `now()`. */
export function artifactStoreKeepsItsPromises(
  name: string,
  open: (now: () => number) => Promise<ArtifactStore> | ArtifactStore,
): void {
  const MARCH = Date.UTC(2026, 2, 1);

  test(`${name}: a version comes back byte for byte`, async () => {
    const store = await open(() => MARCH);
    const artifact = constantArtifact();
    await store.save(artifact);
    const found = await store.load("bank", "v1");
    expect(found.digest).toBe(artifact.digest);
    expect(found.manifest).toEqual(artifact.manifest);
    expect([...found.files].map(([file, bytes]) => [file, [...bytes]])).toEqual(
      [...artifact.files].map(([file, bytes]) => [file, [...bytes]]),
    );
  });

  test(`${name}: saving the same version again changes nothing`, async () => {
    const store = await open(() => MARCH);
    await store.save(constantArtifact());
    await store.save(constantArtifact());
    expect(await store.versions("bank")).toEqual(["v1"]);
  });

  test(`${name}: a version never changes: another content under its name is refused, and the first stays`, async () => {
    const store = await open(() => MARCH);
    const first = constantArtifact({ probability: 0.25 });
    await store.save(first);
    await expect(store.save(constantArtifact({ probability: 0.5 }))).rejects.toThrow(/v1/);
    expect((await store.load("bank", "v1")).digest).toBe(first.digest);
  });

  test(`${name}: the newest version comes first, and models come by name`, async () => {
    const store = await open(() => MARCH);
    for (const version of ["2026-01-02", "2026-03-01", "2026-02-01"]) await store.save(constantArtifact({ version }));
    await store.save(constantArtifact({ model: "apples" }));
    expect(await store.versions("bank")).toEqual(["2026-03-01", "2026-02-01", "2026-01-02"]);
    expect(await store.models()).toEqual(["apples", "bank"]);
  });

  test(`${name}: what nobody saved is not there, and asking for it is no error but for loading`, async () => {
    const store = await open(() => MARCH);
    expect(await store.models()).toEqual([]);
    expect(await store.versions("bank")).toEqual([]);
    expect(await store.champion("bank")).toBeUndefined();
    expect(await store.history("bank")).toEqual([]);
    await expect(store.load("bank", "v1")).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
  });

  test(`${name}: every promotion is remembered with its reason and moment, the champion's first`, async () => {
    let now = MARCH;
    const store = await open(() => now);
    await store.save(constantArtifact({ version: "v1" }));
    await store.save(constantArtifact({ version: "v2" }));
    expect(await store.champion("bank")).toBeUndefined();
    await store.promote("bank", "v1", "the first version");
    now += 60_000;
    await store.promote("bank", "v2", "better");
    now += 60_000;
    await store.promote("bank", "v1", "rolled back");
    expect(await store.champion("bank")).toBe("v1");
    expect(await store.history("bank")).toEqual([
      { version: "v1", why: "rolled back", at: "2026-03-01T00:02:00.000Z" },
      { version: "v2", why: "better", at: "2026-03-01T00:01:00.000Z" },
      { version: "v1", why: "the first version", at: "2026-03-01T00:00:00.000Z" },
    ]);
  });

  test(`${name}: a version that is not stored cannot be promoted, and the champion stays`, async () => {
    const store = await open(() => MARCH);
    await store.save(constantArtifact());
    await store.promote("bank", "v1", "first");
    await expect(store.promote("bank", "v2", "typo")).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
    await expect(store.promote("nobody", "v1", "typo")).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
    expect(await store.champion("bank")).toBe("v1");
  });

  test(`${name}: models do not see each other's versions and champions`, async () => {
    const store = await open(() => MARCH);
    await store.save(constantArtifact({ model: "a", version: "v1" }));
    await store.save(constantArtifact({ model: "b", version: "v2" }));
    await store.promote("a", "v1", "first");
    expect(await store.versions("a")).toEqual(["v1"]);
    expect(await store.champion("b")).toBeUndefined();
  });
}
