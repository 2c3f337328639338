/** Slots of a Redis Cluster. */
const SLOTS = 16_384;

/** CRC-16/XMODEM (polynomial 0x1021, from 0), as the cluster specification wants it. */
const CRC = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});

/** The slot of a key in a Redis Cluster: of its hash tag, the first text in braces, if it has one that is not empty. */
export function keySlot(key: string): number {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key;
  let crc = 0;
  for (const byte of Buffer.from(hashed)) crc = ((crc << 8) & 0xffff) ^ CRC[((crc >> 8) ^ byte) & 0xff];
  return crc % SLOTS;
}
