import fc from "fast-check";

/** Texts of JSON bodies for `POST /v1/score`: mostly good, each part sometimes at its edge or beyond it. */

const often = <Good, Bad>(good: fc.Arbitrary<Good>, bad: fc.Arbitrary<Bad>) =>
  fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: bad });

const wrong = fc.oneof(fc.constant(null), fc.double(), fc.boolean(), fc.constant([]), fc.constant({}), fc.string());
const text = (least: number, most: number) =>
  often(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.oneof(...[least - 1, least, most, most + 1].filter((n) => n >= 0).map((n) => fc.constant("é".repeat(n))), wrong),
  );
const name = fc.oneof(fc.constantFrom("age", "job", "constructor", "__proto__", "toString", "a.b"), fc.string());
const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constantFrom(-0, 1e308));
const property = often(fc.oneof(number, fc.string(), fc.boolean()), fc.oneof(fc.constant(null), wrong));
const many = fc
  .constantFrom(999, 1_000, 1_001)
  .map((n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, i])));

/** As JSON writes them: a key `__proto__` stays a key. */
const properties = fc
  .array(fc.tuple(name, property), { maxLength: 6 })
  .map((pairs) => `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`);

const raw = <T>(arbitrary: fc.Arbitrary<T>) => arbitrary.map((value) => JSON.stringify(value) ?? "null");

const part = {
  entity: raw(
    often(fc.constantFrom("user", "company", "card"), fc.constantFrom("", "User", "u ser", "u".repeat(64), 7)),
  ),
  id: raw(text(1, 200)),
  models: raw(
    often(
      fc.array(text(1, 63), { maxLength: 4 }),
      fc.oneof(
        fc.constantFrom(100, 101).map((n) => Array(n).fill("m")),
        fc.constant(["bank", 7]),
        wrong,
      ),
    ),
  ),
  features: fc.oneof(
    { weight: 12, arbitrary: properties },
    { weight: 1, arbitrary: raw(fc.oneof(many, wrong)) },
    { weight: 1, arbitrary: fc.constantFrom('{"age":1e999}', '{"age":-0}', '{"age":{"deep":[[1e999]]}}') },
  ),
  reasons: raw(often(fc.integer({ min: 0, max: 100 }), fc.constantFrom(-1, 101, 1.5, -0, "3", 2 ** 53, null))),
  receipt: raw(often(fc.constantFrom("kept", "none"), fc.constantFrom("", "Kept", null, true))),
  event: fc.oneof(
    properties.map((given) => `{"name":"Order Completed","properties":${given}}`),
    fc.constantFrom('{"name":"x"}', '{"name":""}', '{"properties":{}}', '{"name":"x","more":1}', "null"),
  ),
};

/** Each part is left out sometimes; now and then there is one that nobody knows. */
export const scoreShaped: fc.Arbitrary<string> = fc
  .tuple(
    fc.record(part, { requiredKeys: [] }),
    fc.oneof(
      { weight: 15, arbitrary: fc.constant("") },
      { weight: 1, arbitrary: fc.constantFrom('"x":1', '"__proto__":{}') },
    ),
  )
  .map(([parts, stranger]) => {
    const written = Object.entries(parts).map(([key, value]) => `"${key}":${value}`);
    return `{${[...written, ...(stranger ? [stranger] : [])].join(",")}}`;
  });

/** Any JSON at all, nested as far as one likes. */
export const anyBody: fc.Arbitrary<string> = fc.oneof(
  fc.json(),
  fc.integer({ min: 30, max: 34 }).map((depth) => `${'{"id":['.repeat(depth / 2)}1${"]}".repeat(depth / 2)}`),
);
