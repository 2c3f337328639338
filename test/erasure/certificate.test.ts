import { expect, test } from "vitest";
import { certificateText, parseCertificate, sealCertificate } from "../../src/erasure/certificate.ts";

const gone = { tables: 1, tableRows: 2, states: 1, rows: 3, nobodys: 0, redacted: 0, parts: 1, scores: 0 };
const facts = {
  format: 1 as const,
  id: "e1",
  at: "2026-03-01T12:00:00.000Z",
  kind: "user",
  subject: "0f",
  by: "k3y",
  gone: { ...gone, receipts: 4, quarantined: 0 },
  until: "0/1-0-1",
  resumed: false,
  remains: [{ place: "back-ups", why: "the operator's" }],
};

test("a certificate is read as it was written, in whatever order its facts came, and tells every change", () => {
  const text = certificateText(sealCertificate(facts));
  expect(parseCertificate(text)).toEqual(sealCertificate(facts));
  expect(certificateText(sealCertificate({ ...facts, gone: { quarantined: 0, receipts: 4, ...gone } }))).toBe(text);
  for (const [from, to] of [
    ['"receipts": 4', '"receipts": 5'],
    ["the operator's", "nobody's"],
    ['"resumed": false', '"resumed": true'],
  ])
    expect(() => parseCertificate(text.replace(from, to))).toThrow(/one that was changed/);
  expect(() => parseCertificate("{}")).toThrow(/something else/);
  expect(() => parseCertificate(text.slice(1))).toThrow(/something else/);
});
