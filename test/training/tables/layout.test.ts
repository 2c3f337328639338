import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distinctNames, sniffLayout } from "../../../training/tables/layout.ts";

const sniff = (text: string, wishes = {}) => sniffLayout(text, true, wishes);

describe("the delimiter is seen", () => {
  test.each([
    [",", "a,b,c\n1,2,3\n4,5,6\n"],
    [";", "a;b;c\n1,5;2;3\n4,5;5;6\n"],
    ["\t", "a\tb\tc\n1\t2\t3\n"],
    ["|", "a|b|c\n1|2|3\n"],
    [" ", "A11 6 A34\nA12 48 A32\n"],
    ["blanks", " id   amount\n  1     2.5\n 10    12.5\n"],
  ])("%j", (delimiter, text) => {
    expect(sniff(text).delimiter).toBe(delimiter);
  });

  test("inside quotes it counts for nothing", () => {
    expect(sniff('a;b\n"x,y,z";1\n"p,q,r";2\n').delimiter).toBe(";");
  });

  test("one broken row does not hide it", () => {
    expect(sniff("a,b,c\n1,2,3\n1,2\n1,2,3\n1,2,3\n").names).toEqual(["a", "b", "c"]);
  });

  test("a file of one column has one", () => {
    expect(sniff("price\n1\n2\n").names).toEqual(["price"]);
  });

  test("a number's fraction stands behind a comma only where commas do not cut the fields", () => {
    expect(sniff("a;b\n1,5;2\n").decimal).toBe(",");
    expect(sniff("a,b\n1,2\n").decimal).toBe(".");
  });
});

describe("the header is seen", () => {
  test("above numbers", () => {
    expect(sniff("age,city\n31,Rome\n44,Oslo\n")).toMatchObject({ header: true, names: ["age", "city"] });
  });

  test("not when a number stands in the first line", () => {
    expect(sniff("A11 6\nA12 48\n")).toMatchObject({ header: false, names: ["column1", "column2"] });
  });

  test("among texts only: when none of its cells comes again below", () => {
    expect(sniff("sex,city\nm,Rome\nf,Oslo\nm,Rome\n").header).toBe(true);
    expect(sniff("m,Rome\nf,Oslo\nm,Rome\n").header).toBe(false);
  });

  test("whoever knows better says so", () => {
    expect(sniff("2019,2020\n1,2\n", { header: true }).names).toEqual(["2019", "2020"]);
    expect(sniff("a,b\n1,2\n", { header: false }).names).toEqual(["column1", "column2"]);
    expect(sniff("a,b\n1,2\n", { columns: ["x", "y"] })).toMatchObject({ header: true, names: ["x", "y"] });
  });
});

test("names are told apart: empty ones are numbered, and one that comes again", () => {
  expect(distinctNames(["", "a", "a", "a"])).toEqual(["column1", "a", "a_2", "a_3"]);
});

test("too few names are refused with both numbers", () => {
  expect(() => sniff("1,2,3\n4,5,6\n", { columns: ["a", "b"] })).toThrowError(
    expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringMatching(/3 columns, found 2/) }),
  );
});

test("an empty text is an empty table", () => {
  expect(() => sniff("\n\n")).toThrowError(expect.objectContaining({ code: "TABLE_EMPTY" }));
});

test("whatever the cells hold, a quoted table is cut as it was written", () => {
  const cell = fc.string({ minLength: 1, maxLength: 8 }).map((text) => text.replace(/[\r\n\\]/g, "x"));
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  fc.assert(
    fc.property(
      fc.constantFrom(",", ";", "\t", "|"),
      fc.array(fc.tuple(cell, cell, cell), { minLength: 3, maxLength: 12 }),
      (delimiter, rows) => {
        const text = [["name", "of", "column"], ...rows].map((row) => row.map(quote).join(delimiter)).join("\n");
        expect(sniff(`${text}\n`, { header: true })).toMatchObject({ delimiter, names: ["name", "of", "column"] });
      },
    ),
  );
});
