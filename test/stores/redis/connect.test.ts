import { Cluster, Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { PortraitError } from "../../../src/errors.ts";
import { connectRedis, redisOptions } from "../../../src/stores/redis/connect.ts";

/** A connection that is never made. */
function connection(url: string): Redis {
  const redis = connectRedis(url, { lazyConnect: true, connectTimeout: 100 });
  onTestFinished(() => redis.disconnect());
  return redis;
}

test.each([
  ["redis://localhost", { host: "localhost", port: 6379 }],
  ["redis://h:7000/3", { host: "h", port: 7000, db: 3 }],
  ["rediss://me:p%40ss:w,rd@h:7000", { host: "h", port: 7000, username: "me", password: "p@ss:w,rd", tls: {} }],
  ["redis://:only@h", { host: "h", port: 6379, password: "only" }],
  ["unix:///run/redis,1.sock", { path: "/run/redis,1.sock" }],
])("%s is one server", (url, options) => {
  expect(redisOptions(url)).toEqual(options);
  expect(connection(url)).toBeInstanceOf(Redis);
});

test.each(["redis://a:1,b:2,c", "redis://me:secret@a:1,b:2,c", "redis://a:1, b:2, c", "rediss://:secret@a:1,b:2,c"])(
  "%s is a Cluster of three nodes",
  (url) => {
    const client: unknown = connection(url);
    if (!(client instanceof Cluster)) throw new Error("wanted a Cluster");
    expect(client.options.redisOptions?.password).toBe(url.includes("secret") ? "secret" : undefined);
    expect(client.options.redisOptions?.tls).toEqual(url.startsWith("rediss") ? {} : undefined);
  },
);

test("one address of a Cluster says so", () => {
  expect(connection("redis://cluster.example:6379?cluster")).toBeInstanceOf(Cluster);
  expect(connection("redis://cluster.example:6379/?cluster=yes")).toBeInstanceOf(Cluster);
});

test.each(["redis://a:1,b:x", "redis://a:1,,b:2", "redis://a:1,b:2/3", "http://a:1"])(
  "%s is refused, and neither its password nor its hosts are in the message",
  (url) => {
    let said: unknown;
    try {
      connection(url.replace("//", "//:secret@"));
    } catch (error) {
      said = error;
    }
    expect(said).toBeInstanceOf(PortraitError);
    expect(said).toMatchObject({ code: "CONFIG_INVALID", message: expect.not.stringContaining("secret") });
  },
);
