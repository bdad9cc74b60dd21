// Many prefixes, the same on both sides, of the lengths that the Internet's tables have, and addresses behind them.

/** Addresses in a file of destinations. */
export const DESTINATIONS = 65536;

/** Length of a prefix and how many of a hundred have it: roughly the global tables of 2025. */
const LENGTHS = {
  4: [[24, 60], [23, 10], [22, 12], [21, 5], [20, 5], [19, 3], [18, 2], [17, 1], [16, 2]],
  6: [[48, 46], [32, 12], [44, 8], [40, 8], [36, 5], [46, 5], [47, 4], [45, 3], [42, 3], [33, 2], [29, 2], [34, 1], [38, 1]],
};
/** An address outside the networks of the benchmark itself, of random bytes. @type {Record<4 | 6, (bytes: Uint8Array) => void>} */
const PLACE = {
  4: (bytes) => void (bytes[0] = 0x40 | (bytes[0] & 0x1f)),
  6: (bytes) => bytes.set([0x2a, 0]),
};

/** mulberry32: the same numbers on every machine. @param {number} seed */
function chance(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** @param {Uint8Array} bytes @param {4 | 6} version */
export function addressText(bytes, version) {
  if (version === 4) return bytes.join('.');
  return Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] << 8) | bytes[2 * i + 1]).toString(16)).join(':');
}

/**
 * @param {4 | 6} version
 * @param {number} count of prefixes, all different
 * @returns {{ prefixes: { bytes: Uint8Array, length: number }[], destinations: Uint8Array }} `destinations`: {@link DESTINATIONS} addresses
 *   behind as many of them, one after the other
 */
export function manyPrefixes(version, count) {
  const next = chance(version);
  const lengths = LENGTHS[version].flatMap(([length, share]) => new Array(share).fill(length));
  const size = version === 4 ? 4 : 16;
  const random = () => {
    const bytes = Uint8Array.from({ length: size }, () => next() & 0xff);
    PLACE[version](bytes);
    return bytes;
  };
  const seen = new Set();
  const prefixes = [];
  while (prefixes.length < count) {
    const length = lengths[next() % lengths.length];
    const bytes = random().map((byte, i) => byte & (0xff00 >> Math.max(0, Math.min(8, length - 8 * i))));
    const key = `${bytes.join()}/${length}`;
    if (seen.has(key)) continue;
    seen.add(key);
    prefixes.push({ bytes, length });
  }
  const destinations = new Uint8Array(DESTINATIONS * size);
  for (let i = 0; i < DESTINATIONS; i++) {
    const { bytes, length } = prefixes[next() % count];
    const host = random();
    for (let j = 0; j < size; j++) {
      const mask = 0xff00 >> Math.max(0, Math.min(8, length - 8 * j));
      destinations[i * size + j] = bytes[j] | (host[j] & ~mask);
    }
  }
  return { prefixes, destinations };
}
