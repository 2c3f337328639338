import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Column } from "../../../models/model.ts";
import { type ReadTable, readTable } from "../../../training/tables/read-table.ts";
import { fileOf, parquetOf } from "./tables.ts";

const column = (read: ReadTable, name: string) => {
  const j = read.dataset.columns.findIndex((one) => one.name === name);
  if (j < 0) throw new Error(`${name} is not among ${read.dataset.columns.map((one) => one.name).join(", ")}`);
  return [...read.dataset.values[j]];
};
const typeOf = (read: ReadTable, name: string) => read.columns.find((one) => one.name === name)?.inferred.type;
const leftOut = (read: ReadTable) =>
  Object.fromEntries(read.columns.flatMap(({ name, leftOut: out }) => (out ? [[name, out.code]] : [])));
const texts = (read: ReadTable, name: string) => {
  const { categories } = read.dataset.columns.find((one) => one.name === name) as Column & { type: "category" };
  return column(read, name).map((place) => (Number.isNaN(place) ? null : categories[place]));
};

describe("files of every make give the same rows", () => {
  const wanted = { age: [31, Number.NaN, 44], city: ["Rome", "Oslo", null], member: [1, 0, 1] };
  test.each([
    ["commas", "age,city,member\n31,Rome,yes\n,Oslo,no\n44,,yes\n"],
    ["semicolons, CRLF and quotes", '"age";"city";"member"\r\n31;"Rome";"yes"\r\n;"Oslo";"no"\r\n44;"";"yes"\r\n'],
    ["tabs and question marks", "age\tcity\tmember\n31\tRome\tyes\n?\tOslo\tno\n44\t?\tyes\n"],
    ["bars and NA, without an end", "age|city|member\n31|Rome|yes\nNA|Oslo|no\n44|N/A|yes"],
    ["a byte-order mark", "\ufeffage,city,member\n31,Rome,yes\n,Oslo,no\n44,,yes\n"],
    ["fixed width", "  age  city member\n   31  Rome    yes\n    ?  Oslo     no\n   44     ?    yes\n"],
    ["gzip", gzipSync("age,city,member\n31,Rome,yes\n,Oslo,no\n44,,yes\n")],
    ["UTF-16", Buffer.from("\ufeffage,city,member\n31,Rome,yes\n,Oslo,no\n44,,yes\n", "utf16le")],
    ["line ends of two kinds", "age,city,member\r\n31,Rome,yes\n,Oslo,no\r\n44,,yes\n"],
  ])("%s", async (_, content) => {
    const read = await readTable(fileOf(content));
    expect({ age: column(read, "age"), city: texts(read, "city"), member: column(read, "member") }).toEqual(wanted);
  });

  test("Parquet, with types of its own", async () => {
    const path = await parquetOf(
      "SELECT * FROM (VALUES (31::BIGINT, 'Rome', true), (NULL, 'Oslo', false), (44, NULL, true)) AS t(age, city, member)",
    );
    const read = await readTable(path);
    expect({ age: column(read, "age"), city: texts(read, "city"), member: column(read, "member") }).toEqual(wanted);
  });
});

test("a path with the signs of a pattern is a path", async () => {
  expect((await readTable(fileOf("a,b\n1,x\n2,y\n", "t[1]*.csv"))).rows).toBe(2);
});

test("Latin-1 is read, and said", async () => {
  const read = await readTable(fileOf(Buffer.from("stadt,n\nK\xf6ln,1\nBonn,2\n", "latin1")));
  expect(texts(read, "stadt")).toEqual(["Köln", "Bonn"]);
  expect(read.remarks.join()).toMatch(/Latin-1/);
});

describe("types are inferred", () => {
  test("numbers stored as text with a few blanks are numbers with missing", async () => {
    const rows = Array.from({ length: 200 }, (_, i) => `${i % 50 === 3 ? " " : (i * 1.5).toFixed(2)},${i % 3}`);
    const read = await readTable(fileOf(`TotalCharges,x\n${rows.join("\n")}\n`));
    expect(typeOf(read, "TotalCharges")).toBe("number");
    expect(column(read, "TotalCharges").slice(2, 5)).toEqual([3, Number.NaN, 6]);
  });

  test("a decimal comma between semicolons, a thousands comma between quotes", async () => {
    const comma = await readTable(fileOf("a;b\n1,5;x\n-2,25;y\n1.234,5;x\n"));
    expect(column(comma, "a")).toEqual([1.5, -2.25, 1234.5]);
    const thousands = await readTable(fileOf('a,b\n"1,234",x\n"12,345.5",y\n7,x\n'));
    expect(column(thousands, "a")).toEqual([1234, 12345.5, 7]);
  });

  test("none is an answer, not a missing value", async () => {
    const read = await readTable(fileOf("claims,x\nnone,1\n2 to 4,2\nnone,3\nnull,4\n"));
    expect(texts(read, "claims")).toEqual(["none", "2 to 4", "none", null]);
  });

  test("codes with leading zeros are categories", async () => {
    const read = await readTable(fileOf("zip,x\n01067,1\n10115,2\n01067,3\n"));
    expect(texts(read, "zip")).toEqual(["01067", "10115", "01067"]);
  });

  test("two values of yes and no are a boolean, two others a category of two", async () => {
    const read = await readTable(fileOf("a,b,c\nYes,m,1\nno,f,0\nyes,m,1\n"));
    expect([typeOf(read, "a"), typeOf(read, "b"), typeOf(read, "c")]).toEqual(["boolean", "category", "boolean"]);
    expect(column(read, "a")).toEqual([1, 0, 1]);
  });

  test("infinite numbers are missing", async () => {
    const read = await readTable(fileOf("a,b\n1,x\ninf,y\n-Infinity,x\n1e999,y\n2,x\n"));
    expect(column(read, "a")).toEqual([1, Number.NaN, Number.NaN, Number.NaN, 2]);
  });

  test("a date becomes days, month, weekday and, with a time of day, hour", async () => {
    const read = await readTable(
      fileOf("at,x\n1970-01-02 12:00:00,1\n1970-02-01 06:00:00,2\n1971-01-01 06:00:00,3\n1970-01-04 06:00:00,4\n"),
    );
    expect(column(read, "at")).toEqual([1.5, 31.25, 365.25, 3.25]);
    expect(texts(read, "at.month")).toEqual(["Jan", "Feb", "Jan", "Jan"]);
    expect(texts(read, "at.weekday")).toEqual(["Fri", "Sun", "Fri", "Sun"]);
    expect(texts(read, "at.hour")).toEqual(["12", "06", "06", "06"]);
  });

  test.each([
    ["dd.mm.yyyy", "02.01.1970\n31.12.1970"],
    ["mm/dd/yyyy", "01/02/1970\n12/31/1970"],
    ["dd/mm/yyyy", "02/01/1970\n31/12/1970"],
    ["dd-mon-yyyy", "02-Jan-1970\n31-Dec-1970"],
    ["yyyymmdd", "19700102\n19701231\n19700102\n19700301"],
  ])("dates written %s", async (format, lines) => {
    const read = await readTable(fileOf(`at\n${lines}\n`));
    expect(read.columns[0].inferred).toMatchObject({ type: "date", format });
    expect(column(read, "at").slice(0, 2)).toEqual([1, 364]);
  });

  test("a category keeps its 254 commonest values; the rest is unseen", async () => {
    const lines: string[] = [];
    for (let k = 0; k < 300; k++) for (let n = 0; n < (k < 254 ? 3 : 2); n++) lines.push(`v${k},${n}`);
    const read = await readTable(fileOf(`shop,n\n${lines.join("\n")}\n`));
    const shop = read.dataset.columns.find(({ name }) => name === "shop");
    expect(shop?.type === "category" && shop.categories.length).toBe(254);
    expect(column(read, "shop").filter(Number.isNaN).length).toBe(92);
  });

  test("a hundred thousand different texts are no category", async () => {
    const lines = Array.from({ length: 120_000 }, (_, i) => `t${i % 100_000},${i % 7}`);
    const read = await readTable(fileOf(`text,x\n${lines.join("\n")}\n`));
    expect(leftOut(read)).toEqual({ text: "identifier" });
  });
});

describe("what cannot be learned from is left out, with its reason", () => {
  const many = (line: (i: number) => string) => Array.from({ length: 200 }, (_, i) => line(i)).join("\n");

  test("constants, empty columns, copies, counters, keys and free text", async () => {
    const read = await readTable(
      fileOf(
        `n,one,none_at_all,x,copy,code,key,said\n${many(
          (i) => `${i + 1},same,,${i % 10},${i % 10},L${i % 10},k-${i},"I would like to say number ${i} of them"`,
        )}\n`,
      ),
    );
    expect(leftOut(read)).toEqual({
      n: "identifier",
      one: "constant",
      none_at_all: "empty",
      copy: "duplicate",
      key: "identifier",
      said: "text",
    });
    expect(read.dataset.columns.map(({ name }) => name)).toEqual(["x", "code"]);
  });

  test("a category that recodes another is its copy", async () => {
    const read = await readTable(fileOf(`a,b\n${many((i) => `${"xyz"[i % 3]},${["eins", "zwei", "drei"][i % 3]}`)}\n`));
    expect(leftOut(read)).toEqual({ b: "duplicate" });
  });

  test("a column that gives the answer away, whatever its type, unless it is kept", async () => {
    const lines = many(
      (i) => `${i % 2},${i % 2 ? 900 + i : i},${i % 2 ? "paid back" : "lost"},${i % 9},${i % 2 ? i : ""}`,
    );
    const path = fileOf(`label,number,text,noise,only_then\n${lines}\n`);
    const read = await readTable(path, { label: "label" });
    expect(leftOut(read)).toEqual({ label: "label", number: "leak", text: "leak", only_then: "leak" });
    const kept = await readTable(path, { label: "label", keep: ["text"] });
    expect(kept.dataset.columns.map(({ name }) => name)).toEqual(["text", "noise"]);
    expect(kept.columns.find(({ name }) => name === "text")?.warning).toMatch(/AUC 1.000/);
  });

  test("a value that only the rarer class has is warned of", async () => {
    const lines = Array.from({ length: 2000 }, (_, i) => `${i % 10 === 0 ? 1 : 0},${i % 40 === 0 ? 1 : 0},${i % 7}`);
    const read = await readTable(fileOf(`visit,conversion,x\n${lines.join("\n")}\n`), { label: "visit" });
    expect(leftOut(read)).toEqual({ visit: "label" });
    expect(read.columns[1].warning).toMatch(/all 50 rows .* rarer class/);
  });

  test("many small categories do not seem to know what they only remember", async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `${(i * 7919) % 997 < 300 ? 1 : 0},g${(i * 31) % 250}`);
    const read = await readTable(fileOf(`label,group\n${lines.join("\n")}\n`), { label: "label" });
    expect(read.columns[1].alone?.auc).toBeLessThan(0.6);
    expect(leftOut(read)).toEqual({ label: "label" });
  });

  test("nested Parquet columns", async () => {
    const path = await parquetOf("SELECT i AS x, [i, i] AS pair FROM range(1, 30) t(i) ORDER BY i % 3, i");
    expect(leftOut(await readTable(path, { keep: ["x"] }))).toEqual({ pair: "nested" });
  });
});

describe("the label", () => {
  const lines = (values: readonly string[]) => `y,x\n${values.map((value, i) => `${value},${i % 5}`).join("\n")}\n`;
  const label = async (values: readonly string[], wishes = {}) =>
    (await readTable(fileOf(lines(values)), { label: "y", ...wishes })).label;

  test.each([
    [["no", "yes", "yes", "no"], "yes"],
    [["0", "1", "1", "1"], "1"],
    [["TRUE", "FALSE", "FALSE"], "TRUE"],
    [["good", "bad", "good"], "bad"],
    [["1", "2", "1"], "2"],
    [["lost", "no", "no", "lost", "lost"], "lost"],
    [["1", "-1", "1", "1"], "1"],
  ])("of %j, %s is positive", async (values, positive) => {
    expect((await label(values))?.positive).toBe(positive);
  });

  test("the caller decides", async () => {
    expect(await label(["good", "bad", "good"], { positive: "good" })).toMatchObject({
      positive: "good",
      negative: "bad",
      why: "as asked",
    });
    expect((await label(["1.0", "2.0", "1.0"], { positive: "1" }))?.positive).toBe("1.0");
  });

  test("rows without a label are left out and counted, and rows keep their place", async () => {
    const read = await readTable(fileOf("y,x\nyes,1\n,2\nno,3\n?,4\nyes,5\n"), { label: "y" });
    expect(read.label?.missing).toBe(2);
    expect([...read.dataset.label]).toEqual([1, 0, 1]);
    expect(column(read, "x")).toEqual([1, 3, 5]);
    expect([...read.rowOf]).toEqual([0, 2, 4]);
  });

  test.each([
    ["one class", ["yes", "yes"], {}, /found 1: yes/],
    ["three values", ["a", "b", "c"], {}, /found 3: a, b, c/],
    ["a positive that is none of the two", ["yes", "no"], { positive: "ja" }, /neither of them ja/],
    ["mostly missing", ["yes", "", "", "", "no", ""], {}, /4 of 6 rows without any/],
  ])("%s is refused", async (_, values, wishes, words) => {
    await expect(label(values, wishes)).rejects.toMatchObject({
      code: "LABEL_INVALID",
      message: expect.stringMatching(words),
    });
  });
});

describe("the time", () => {
  test("goes to the dataset and not to the columns", async () => {
    const read = await readTable(fileOf("y,at,x\n1,2026-01-01,3\n0,,4\n0,2026-01-03,1\n"), { label: "y", time: "at" });
    expect([...(read.dataset.time ?? [])]).toEqual([Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 3)]);
    expect(read.withoutTime).toBe(1);
    expect(read.dataset.columns.map(({ name }) => name)).not.toContain("at");
  });

  test("a column that orders nothing is refused", async () => {
    await expect(readTable(fileOf("y,c\n1,red\n0,blue\n1,red\n"), { label: "y", time: "c" })).rejects.toMatchObject({
      code: "INPUT_INVALID",
    });
  });
});

describe("bad input is refused with what was wanted, what was found and what to do", () => {
  const refusal = async (content: string | Uint8Array, code: string, words: RegExp, wishes = {}, name?: string) => {
    const error = await readTable(fileOf(content, name), wishes).catch((e: unknown) => e);
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) });
  };

  test("no such file", async () => {
    await expect(readTable("/nowhere/at/all.csv")).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
      message: expect.stringMatching(/no such file.*\/nowhere\/at\/all\.csv/),
    });
  });
  test("an empty file", () => refusal("", "TABLE_EMPTY", /empty file/));
  test("an empty gzip", () => refusal(gzipSync(""), "TABLE_EMPTY", /empty file/));
  test("a header and nothing else", () => refusal("a,b\n", "TABLE_EMPTY", /without any/));
  test("a picture", () => refusal(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13]), "FILE_UNREADABLE", /no text/));
  test("a workbook", () => refusal(Buffer.from("PK\u0003\u0004rest"), "FILE_UNREADABLE", /workbook.*CSV/));
  test("half a Parquet", () => refusal("PAR1 and then nothing", "FILE_UNREADABLE", /cannot be read/));
  test("a gzip cut short", () => {
    const whole = gzipSync(`a,b\n${Array.from({ length: 5000 }, (_, i) => `${i},${Math.sin(i)}`).join("\n")}\n`);
    return refusal(whole.subarray(0, whole.length >> 1), "FILE_UNREADABLE", /cut short/);
  });
  test("a row with a field too few", () =>
    refusal("a,b,c\n1,2,3\n1,2\n1,2,3\n", "ROW_BROKEN", /3 fields.*line 3 with 2 fields.*--skip-broken/));
  test("a row with a field too many, and others", () =>
    refusal("a,b,c\n1,2,3\n1,2,3,4\n1,2,3\n1\n1,2,3\n", "ROW_BROKEN", /line 3 with 4 fields, and 1 more/));
  test("a row of fixed width that is cut", () =>
    refusal(
      "a  b  c\n1  2  3\n1  2\n4  5  6\n7  8  9\n8  9  1\n1  1  1\n2  2  2\n3  3  3\n4  4  4\n5  5  5\n6  6  6\n",
      "ROW_BROKEN",
      /line 3 with 2 fields/,
    ));
  test("a quote that never closes", () => refusal('a,b\n1,x\n2,"y\n3,z\n', "ROW_BROKEN", /line 3 with a quote/));
  test("a label that is not there, with the nearest names", () =>
    refusal("revenue,age\n1,2\n0,3\n", "COLUMN_UNKNOWN", /--label.*revenu \(did you mean revenue\?\)/, {
      label: "revenu",
    }));
  test("columns to drop that are not there", () =>
    refusal("a,b\n1,2\n", "COLUMN_UNKNOWN", /--drop.*zzz/, { drop: ["a", "zzz"] }));

  test("broken rows are skipped when asked, and counted", async () => {
    const read = await readTable(fileOf("a,b,c\n1,2,3\n1,2\n1,2,3,4\n4,5,6\n"), { skipBroken: true });
    expect([read.rows, read.brokenRows, column(read, "a")]).toEqual([2, 2, [1, 4]]);
  });

  test("no cell of a row is in the message", async () => {
    const error = await readTable(fileOf("name,b,c\nx,2,3\nAda Lovelace,2\n")).catch((e: Error) => e);
    expect(JSON.stringify([(error as Error).message, error])).not.toMatch(/Ada/);
  });
});
