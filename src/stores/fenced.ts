/**
 * Another worker moved the partition on. Nothing was written and nothing is lost:
 * whoever meets this starts again from the cursors.
 */
export class Fenced extends Error {
  constructor(what: string) {
    super(`another worker was first: ${what}`);
    this.name = "Fenced";
  }
}
