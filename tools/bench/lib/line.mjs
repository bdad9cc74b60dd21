/**
 * A line of routers 0 … n-1 with static routes: each knows those before it by as few prefixes as there are ones in its own number
 * (what is below 0b101 is 0b0xx and 0b100), and takes all others to be behind it. Both sides are built from this.
 */

/** The address of a router, on its loopback interface. @param {number} i */
export const addressOf = (i) => `10.1.${i >> 8}.${i & 255}`;

/** The ends of the link between router `i` and the next one: that of `i`, and the other one. @param {number} i */
export const westEnd = (i) => `172.16.${(2 * i) >> 8}.${(2 * i) & 255}`;
/** @param {number} i */
export const eastEnd = (i) => `172.16.${(2 * i + 1) >> 8}.${(2 * i + 1) & 255}`;

/** Prefixes that cover the routers below `i`. @param {number} i @returns {string[]} */
function prefixesBelow(i) {
  const prefixes = [];
  for (let bit = 15, from = 0; bit >= 0; bit--) {
    if (((i >> bit) & 1) === 0) continue;
    prefixes.push(`${addressOf(from)}/${32 - bit}`);
    from += 1 << bit;
  }
  return prefixes;
}

/**
 * What router `i` of `n` has; its devices are `west` and `east`.
 *
 * @param {number} i
 * @param {number} n
 */
export function routerOf(i, n) {
  const src = addressOf(i);
  const addresses = [{ dev: 'lo', cidr: `${src}/32` }];
  /** @type {{ to: string, via: string, src: string }[]} */
  const routes = [];
  if (i > 0) {
    addresses.push({ dev: 'west', cidr: `${eastEnd(i - 1)}/31` });
    for (const to of prefixesBelow(i)) routes.push({ to, via: westEnd(i - 1), src });
  }
  if (i < n - 1) {
    addresses.push({ dev: 'east', cidr: `${westEnd(i)}/31` });
    routes.push({ to: 'default', via: eastEnd(i), src });
  }
  return { addresses, routes };
}

/** The same as lines for ip(8). @param {number} i @param {number} n @returns {string[]} */
export function ipLines(i, n) {
  const { addresses, routes } = routerOf(i, n);
  return [
    ...addresses.map(({ dev, cidr }) => `addr add ${cidr} dev ${dev}`),
    ...routes.map(({ to, via, src }) => `route add ${to} via ${via} src ${src}`),
  ];
}

/** It forwards, and what it sends lives as long as can be. */
export const SYSCTLS = Object.freeze({ 'net.ipv4.ip_forward': 1, 'net.ipv4.ip_default_ttl': 255 });

/** Links that a packet with a time to live of 255 gets across. */
export const FARTHEST = 255;
