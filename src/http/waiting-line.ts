/** A place in a line, for whatever `T` adds to it. */
export interface InLine {
  before: InLine | undefined;
  after: InLine | undefined;
}

/**
 * A line in order of coming, out of which one may also step in the middle. A Set is the same, and hashes what it holds:
 * of thousands who come and go in a second that can be seen.
 */
export function createWaitingLine<One extends InLine>() {
  const ends: InLine = { before: undefined, after: undefined };
  ends.before = ends;
  ends.after = ends;
  return {
    first: (): One | undefined => (ends.after === ends ? undefined : (ends.after as One)),
    /** Behind the last. */
    join(one: One): void {
      const last = ends.before as InLine;
      one.before = last;
      one.after = ends;
      last.after = one;
      ends.before = one;
    },
    /** False when it does not stand in the line any more. */
    leave(one: One): boolean {
      const { before, after } = one;
      if (before === undefined || after === undefined) return false;
      before.after = after;
      after.before = before;
      one.before = undefined;
      one.after = undefined;
      return true;
    },
  };
}
