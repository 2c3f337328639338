import { vi } from "vitest";

/**
 * A limit ends a test that hangs; how fast it is says nothing. What starts servers or processes, or learns, takes ten
 * times as long on a machine that others use too. Importing this is enough.
 */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000, expect: { poll: { timeout: 60_000 } } });
