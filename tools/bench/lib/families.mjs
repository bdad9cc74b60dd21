// What the benchmarks of packets know of an IP version, on both sides.

/**
 * @typedef {object} Family
 * @property {'IPv4' | 'IPv6'} name
 * @property {4 | 6} version
 * @property {number} frame bytes of a forwarded frame: 18 of payload behind Ethernet, IP and UDP
 * @property {number} bits of an address
 * @property {string} source
 * @property {string} destination behind one of the static routes
 * @property {string} gateway
 * @property {readonly [left: string, right: string]} router its addresses
 * @property {readonly string[]} routes the static ones
 * @property {number} prefixlen of the links
 * @property {readonly [sender: string, receiver: string]} udp
 * @property {string} any
 * @property {string} forwarding how a router is made of a new namespace, for sh
 */

/** @type {Family} */
const ipv4 = {
  name: 'IPv4',
  version: 4,
  frame: 60,
  bits: 32,
  source: '10.1.0.1',
  destination: '10.25.5.5',
  gateway: '10.2.0.1',
  router: ['10.1.0.254', '10.2.0.254'],
  routes: Array.from({ length: 8 }, (_, i) => `10.${21 + i}.0.0/16`),
  prefixlen: 24,
  udp: ['10.9.0.1', '10.9.0.2'],
  any: '0.0.0.0',
  forwarding: 'cd /proc/sys/net/ipv4 && echo 1 > ip_forward && for i in conf/*/rp_filter; do echo 0 > $i; done',
};

/** @type {Family} */
const ipv6 = {
  name: 'IPv6',
  version: 6,
  frame: 80,
  bits: 128,
  source: '2001:db8:1::1',
  destination: '2001:db8:25::5',
  gateway: '2001:db8:2::1',
  router: ['2001:db8:1::254', '2001:db8:2::254'],
  routes: Array.from({ length: 8 }, (_, i) => `2001:db8:${21 + i}::/48`),
  prefixlen: 64,
  udp: ['2001:db8:9::1', '2001:db8:9::2'],
  any: '::',
  forwarding: 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding',
};

export const families = { 4: ipv4, 6: ipv6 };
