/**
 * What a running Linux 6.18 printed in /proc/net/fib_trie for its main table (without the line `Main:`) after
 * `ip route add blackhole <prefix>` in the order given, in a fresh network namespace that had a rule of its own (otherwise
 * main and local share one trie).
 */
export interface KernelTrie {
  routes: string[];
  text: string;
}

export const NESTED: KernelTrie = {
  routes: '10.0.0.0/8 10.0.0.0/24 10.0.0.0/16 0.0.0.0/0 10.0.4.0/24 10.0.6.0/24'.split(' '),
  text: `
  +-- 0.0.0.0/4 2 0 2
     |-- 0.0.0.0
        /0 universe BLACKHOLE
     +-- 10.0.0.0/21 2 0 1
        |-- 10.0.0.0
           /24 universe BLACKHOLE
           /16 universe BLACKHOLE
           /8 universe BLACKHOLE
        |-- 10.0.4.0
           /24 universe BLACKHOLE
        |-- 10.0.6.0
           /24 universe BLACKHOLE
`,
};

/** {@link NESTED} after `ip route del` of its last two routes. */
export const NESTED_AFTER_DELETE = `
  +-- 0.0.0.0/4 2 0 2
     |-- 0.0.0.0
        /0 universe BLACKHOLE
     |-- 10.0.0.0
        /24 universe BLACKHOLE
        /16 universe BLACKHOLE
        /8 universe BLACKHOLE
`;

/** The last of these routes doubles the root, and full children are dissolved. */
export const SPREAD: KernelTrie = {
  routes: [
    '10.0.0.0/8 10.252.80.0/22 10.91.187.0/24 10.100.0.0/16 10.137.101.0/24 10.183.0.0/16',
    '10.22.0.0/16 10.19.224.0/20 10.137.128.0/24 10.211.16.0/22 10.138.112.0/20 10.145.32.0/20',
    '10.60.2.0/24 10.40.0.0/16 10.50.205.0/24 10.39.127.0/24 10.51.0.0/16 10.144.54.234/32',
    '10.151.48.0/20 10.54.44.0/22 10.74.29.0/24 10.32.28.0/24 10.219.29.0/24 10.218.48.0/20',
    '10.8.111.0/24',
  ].join(' ').split(' '),
  text: `
  +-- 10.0.0.0/8 6 3 44
     |-- 10.0.0.0
        /8 universe BLACKHOLE
     |-- 10.8.111.0
        /24 universe BLACKHOLE
     |-- 10.19.224.0
        /20 universe BLACKHOLE
     |-- 10.22.0.0
        /16 universe BLACKHOLE
     |-- 10.32.28.0
        /24 universe BLACKHOLE
     |-- 10.39.127.0
        /24 universe BLACKHOLE
     |-- 10.40.0.0
        /16 universe BLACKHOLE
     +-- 10.48.0.0/14 2 0 2
        |-- 10.50.205.0
           /24 universe BLACKHOLE
        |-- 10.51.0.0
           /16 universe BLACKHOLE
     |-- 10.54.44.0
        /22 universe BLACKHOLE
     |-- 10.60.2.0
        /24 universe BLACKHOLE
     |-- 10.74.29.0
        /24 universe BLACKHOLE
     |-- 10.91.187.0
        /24 universe BLACKHOLE
     |-- 10.100.0.0
        /16 universe BLACKHOLE
     +-- 10.136.0.0/14 2 1 2
        +-- 10.137.0.0/16 2 0 2
           |-- 10.137.101.0
              /24 universe BLACKHOLE
           |-- 10.137.128.0
              /24 universe BLACKHOLE
        |-- 10.138.112.0
           /20 universe BLACKHOLE
     +-- 10.144.0.0/14 2 0 2
        |-- 10.144.54.234
           /32 universe BLACKHOLE
        |-- 10.145.32.0
           /20 universe BLACKHOLE
     |-- 10.151.48.0
        /20 universe BLACKHOLE
     |-- 10.183.0.0
        /16 universe BLACKHOLE
     |-- 10.211.16.0
        /22 universe BLACKHOLE
     +-- 10.218.0.0/15 2 0 2
        |-- 10.218.48.0
           /20 universe BLACKHOLE
        |-- 10.219.29.0
           /24 universe BLACKHOLE
     |-- 10.252.80.0
        /22 universe BLACKHOLE
`,
};

/** What /proc/net/fib_triestat printed for {@link SPREAD}. */
export const SPREAD_STAT = `
	Aver depth:     1.44
	Max depth:      3
	Leaves:         25
	Prefixes:       25
	Internal nodes: 6
	  2: 5  6: 1
	Pointers: 84
Null ptrs: 54
`;
