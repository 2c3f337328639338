/**
 * 32 bits of a text: FNV-1a over its UTF-16 units, stirred by the finaliser of MurmurHash3 so that the
 * smallest hashes are an even sample. Not keyed: whoever crafts collisions spoils only the entity they write to.
 */
export function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
