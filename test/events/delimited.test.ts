import fc from "fast-check";
import { expect, test } from "vitest";
import { DelimitedReader } from "../../src/events/delimited.ts";

const cut = (delimiter: string, ...pieces: string[]) => {
  const reader = new DelimitedReader(delimiter);
  return [...pieces.flatMap((piece) => [...reader.push(piece)]), ...reader.end()];
};

test("quotes hold delimiters, quotes and line ends; the next line keeps its number", () => {
  expect(cut(",", '\ufeffa,"b,""x""\r\ny",c\r\n\r\n1,2,3')).toEqual([
    { line: 1, fields: ["a", 'b,"x"\r\ny', "c"] },
    { line: 4, fields: ["1", "2", "3"] },
  ]);
});

test("blanks of any number part the fields of a fixed-width file", () => {
  expect(cut("blanks", " 00001 19970101  1   11.77\n")).toEqual([
    { line: 1, fields: ["00001", "19970101", "1", "11.77"] },
  ]);
});

test("a quote that is never closed breaks its own record, not the file", () => {
  const lines = cut(",", `"a\n${"1,2\n".repeat(20_000)}`);
  expect(lines[0].broken).toMatch(/quote/);
  expect(lines.slice(1)).toEqual(Array.from({ length: 20_000 }, (_, i) => ({ line: i + 2, fields: ["1", "2"] })));
});

test("a quote that is never closed near the end of a file takes none of the lines after it along", () => {
  expect(cut(",", '1,2\n3,"4\n5,6\n', "7,8")).toEqual([
    { line: 1, fields: ["1", "2"] },
    { line: 2, fields: [], broken: expect.stringContaining("quote") },
    { line: 3, fields: ["5", "6"] },
    { line: 4, fields: ["7", "8"] },
  ]);
});

test("text after a closed quote is refused", () => {
  expect(cut(",", '"a"b,c\n1,2\n').map(({ broken }) => broken !== undefined)).toEqual([true, false]);
});

test("what is written is read back, wherever the pieces are cut", () => {
  const cell = fc.string({ maxLength: 6, unit: fc.constantFrom("a", ",", '"', "\n", "é", " ") });
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(rows, fc.nat(30), (table, at) => {
      const text = table.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(",")).join("\n");
      const read = cut(",", text.slice(0, at), text.slice(at)).map(({ fields }) => fields);
      expect(read).toEqual(table);
    }),
  );
});
