import { type EntityRef, entityKey } from "../../events/event.ts";

/** A state to be written, by the entity that it is of. */
export interface PackableState {
  readonly entity: EntityRef;
  readonly bytes: Uint8Array;
}

/** States in one argument of a script: for each, u32 length (little endian) and UTF-8 of `kind:id`, then the same of its bytes. */
export function packStates(states: readonly PackableState[]): Buffer {
  const names = states.map(({ entity }) => entityKey(entity));
  let most = 0;
  for (let i = 0; i < states.length; i++) most += 8 + 3 * names[i].length + states[i].bytes.length;
  const packed = Buffer.allocUnsafe(most);
  let end = 0;
  for (let i = 0; i < states.length; i++) {
    const { bytes } = states[i];
    const length = packed.write(names[i], end + 4, "utf8");
    packed.writeUInt32LE(length, end);
    end += 4 + length;
    packed.writeUInt32LE(bytes.length, end);
    packed.set(bytes, end + 4);
    end += 4 + bytes.length;
  }
  return packed.subarray(0, end);
}
