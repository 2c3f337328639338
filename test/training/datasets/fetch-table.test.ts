import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { deflateRawSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fetchTable } from "../../../training/datasets/fetch-table.ts";
import { PUBLIC_TABLES, type PublicTable } from "../../../training/datasets/public-tables.ts";
import { unzip } from "../../../training/datasets/unzip.ts";
import { dataset } from "../../support/datasets.ts";
import { tempDir } from "../../support/temp-dir.ts";

const CSV = Buffer.from("a,b\n1,x\n2,y\n");
const ZIP = zipOf({ "folder/other.csv": Buffer.from("no"), "folder/table.csv": CSV });

/** A zip archive as the format is described: local headers with data, the central directory, its end. */
function zipOf(members: Readonly<Record<string, Buffer>>): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of Object.entries(members)) {
    const packed = deflateRawSync(bytes);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(8, 4);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(bytes.length, 18);
    shared.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), shared, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    entries.push(Buffer.concat([Buffer.from("PK\u0001\u0002"), Buffer.of(20, 0), shared, tail, Buffer.from(name)]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...locals, directory, Buffer.from("PK\u0005\u0006"), end]);
}

let server: Server;
let home: string;
beforeAll(async () => {
  const files: Record<string, Buffer> = { "/table.csv": CSV, "/table.zip": ZIP, "/cut.zip": ZIP.subarray(0, 90) };
  server = createServer((request, response) => {
    const bytes = files[request.url ?? ""];
    response.writeHead(bytes ? 200 : 404).end(bytes);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const aTable = (given: Partial<PublicTable> = {}): PublicTable => ({
  name: "small",
  about: "two rows",
  licence: "CC0",
  url: `${home}/table.csv`,
  sha256: createHash("sha256").update(CSV).digest("hex"),
  file: "table.csv",
  label: "b",
  ...given,
});

test("a table is fetched, checked and kept under its name", async () => {
  const folder = tempDir();
  const path = await fetchTable(aTable(), folder);
  expect(path).toBe(join(folder, "small", "table.csv.gz"));
  expect(gunzipSync(readFileSync(path))).toEqual(CSV);
});

test("a table inside a zip archive is taken out of it", async () => {
  const path = await fetchTable(aTable({ url: `${home}/table.zip`, member: "folder/table.csv" }), tempDir());
  expect(gunzipSync(readFileSync(path))).toEqual(CSV);
  expect(unzip(ZIP, "folder/other.csv")?.toString()).toBe("no");
  expect(unzip(CSV, "folder/other.csv")).toBeUndefined();
});

test.each([
  ["other bytes than the known ones", { sha256: "0".repeat(64) }, /sha256 0{64}.*found 12 bytes.*nothing was kept/],
  ["an address where nothing is", { path: "/gone.csv" }, /the answer 404/],
  ["an archive without the table", { path: "/table.zip", member: "nowhere.csv" }, /with nowhere.csv/],
  ["an archive cut short", { path: "/cut.zip", member: "folder/table.csv" }, /zip archive/],
  ["a publisher who does not answer", { url: "http://127.0.0.1:9/table.csv" }, /found none/],
])(
  "%s: refused, and nothing is kept",
  async (_, { path, ...given }: Partial<PublicTable> & { path?: string }, words) => {
    const folder = tempDir();
    const table = aTable({ ...given, ...(path && { url: home + path }) });
    await expect(fetchTable(table, folder)).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
      message: expect.stringMatching(words),
    });
    expect(existsSync(join(folder, "small")) ? readdirSync(join(folder, "small")) : []).toEqual([]);
  },
);

test.each(PUBLIC_TABLES)("$name is known by the sha256 of the table on this machine", ({ name, file, sha256 }) => {
  const path = dataset(name, `${file}.gz`);
  if (path === undefined) return; // no real data here; `test/support/datasets.ts` says so
  expect(
    createHash("sha256")
      .update(gunzipSync(readFileSync(path)))
      .digest("hex"),
  ).toBe(sha256);
});
