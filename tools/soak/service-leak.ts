/** Loaded into the API by `npm run soak -- --break memory`: eight megabytes a second that nobody gives back. */
const kept: Uint8Array[] = [];
setInterval(() => kept.push(new Uint8Array(8 << 20).fill(1)), 1_000).unref();
