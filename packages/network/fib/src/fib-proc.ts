/** /proc/net/route, fib_trie, fib_triestat, rt_cache: routing as text, to the byte. */
import { inetMakeMask, inetNtoa } from '@skbuff/wire';
import { RTAX_ADVMSS, RTAX_RTT, RTAX_WINDOW, RTF_GATEWAY, RTF_HOST, RTF_REJECT, RTF_UP, RTN_BROADCAST, RTN_MULTICAST, RTN_PROHIBIT, RTN_UNREACHABLE, RT_TABLE_LOCAL, RT_TABLE_MAIN } from '@skbuff/uapi';
import type { FibAlias } from './fib-alias.ts';
import type { FibNet } from './fib-net.ts';
import { FIB_TYPE_NAMES } from './fib-props.ts';
import type { FibTableBackend } from './fib-table.ts';
import { type FibTable, fibTablesInOrder } from './fib-tables.ts';

/** Columns that every line is padded to. */
const WIDTH = 127;

/** What a backend that is a trie can tell beyond {@link FibTableBackend}. */
interface TrieBackend extends FibTableBackend {
  walkNodes(visitor: {
    tnode(key: number, pos: number, bits: number, fullChildren: number, emptyChildren: number, depth: number): void;
    leaf(key: number, depth: number): void;
    prefix(key: number, plen: number, value: number, depth: number): void;
  }): void;
  stat(): { leaves: number; tnodes: number; nullPointers: number; averageDepth: number; maxDepth: number; internalNodesBySize: number[] };
}

function asTrie(backend: FibTableBackend): TrieBackend | null {
  return 'walkNodes' in backend && 'stat' in backend ? (backend as TrieBackend) : null;
}

/** An address as the file shows it: the eight hex digits of its bytes read as a little-endian number. */
function hex32(addr: number): string {
  const swapped = ((addr << 24) | ((addr & 0xff00) << 8) | ((addr >>> 8) & 0xff00) | (addr >>> 24)) >>> 0;
  return swapped.toString(16).toUpperCase().padStart(8, '0');
}

/** `fib_route_seq_show`: the routes of the main table. */
export function fibRouteShow(state: FibNet): string {
  let text = `${'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT'.padEnd(WIDTH)}\n`;
  const { main } = state;
  if (main === null) return text;
  const prefixes = main.store.prefixes();
  for (let i = 0; i < prefixes.length; i += 2) {
    for (const fa of main.store.aliases(prefixes[i], prefixes[i + 1])) {
      if (fa.tbId !== main.id || fa.type === RTN_BROADCAST || fa.type === RTN_MULTICAST) continue;
      text += `${routeLine(prefixes[i], prefixes[i + 1], fa).padEnd(WIDTH)}\n`;
    }
  }
  return text;
}

function routeLine(prefix: number, plen: number, fa: FibAlias): string {
  const fi = fa.info;
  const [nh] = fi.nhs;
  const mask = inetMakeMask(plen);
  let flags = RTF_UP;
  if (fa.type === RTN_UNREACHABLE || fa.type === RTN_PROHIBIT) flags |= RTF_REJECT;
  if (nh.gw !== 0) flags |= RTF_GATEWAY;
  if (plen === 32) flags |= RTF_HOST;
  const advmss = fi.metrics?.[RTAX_ADVMSS] ?? 0;
  const numbers = [advmss === 0 ? 0 : advmss + 40, fi.metrics?.[RTAX_WINDOW] ?? 0, (fi.metrics?.[RTAX_RTT] ?? 0) >>> 3];
  return [nh.dev?.name ?? '*', hex32(prefix), hex32(nh.gw), flags.toString(16).toUpperCase().padStart(4, '0'), 0, 0, fi.priority, hex32(mask), ...numbers].join('\t');
}

function tableTitle(table: FibTable): string {
  return table.id === RT_TABLE_LOCAL ? 'Local:\n' : table.id === RT_TABLE_MAIN ? 'Main:\n' : `Id ${table.id}:\n`;
}

const SCOPES: ReadonlyMap<number, string> = new Map([[0, 'universe'], [200, 'site'], [253, 'link'], [254, 'host'], [255, 'nowhere']]);

/** `fib_trie_seq_show`: the nodes of every table; nothing of a table whose backend is no trie. */
export function fibTrieShow(state: FibNet): string {
  let text = '';
  const line = (depth: number, words: string): void => {
    text += `  ${'   '.repeat(depth)}${words}\n`;
  };
  for (const { title, table, trie } of tries(state)) {
    text += title;
    trie.walkNodes({
      tnode: (key, pos, bits, full, empty, depth) => line(depth, `+-- ${inetNtoa(key)}/${32 - pos - bits} ${bits} ${full} ${empty}`),
      leaf: (key, depth) => line(depth, `|-- ${inetNtoa(key)}`),
      prefix: (_key, plen, value, depth) => {
        for (let fa = table.store.heads[value]; fa !== null; fa = fa.next) line(depth + 1, aliasWords(plen, fa));
      },
    });
  }
  return text;
}

function tries(state: FibNet): { title: string; table: FibTable; trie: TrieBackend }[] {
  return fibTablesInOrder(state).flatMap((table) => {
    const trie = asTrie(table.store.backend);
    return trie === null ? [] : [{ title: tableTitle(table), table, trie }];
  });
}

function aliasWords(plen: number, fa: FibAlias): string {
  const scope = SCOPES.get(fa.info.scope) ?? `scope=${fa.info.scope}`;
  return `/${plen} ${scope} ${FIB_TYPE_NAMES[fa.type]}${fa.tos === 0 ? '' : ` tos=${fa.tos}`}`;
}

/** Bytes of the kernel's own structures, which the file counts in. */
const LEAF_SIZE = 48;
const TNODE_SIZE = 40;
const ALIAS_SIZE = 56;
const POINTER_SIZE = 8;

/** `fib_triestat_seq_show`. */
export function fibTriestatShow(state: FibNet): string {
  let text = `Basic info: size of leaf: ${LEAF_SIZE} bytes, size of tnode: ${TNODE_SIZE} bytes.\n`;
  for (const { title, table, trie } of tries(state)) text += title + trieStat(trie, table.store.size);
  return text;
}

function trieStat(trie: TrieBackend, aliases: number): string {
  const stat = trie.stat();
  const average = Math.floor(stat.averageDepth * 100 + 1e-9);
  const pointers = stat.internalNodesBySize.reduce((sum, count, bits) => sum + count * 2 ** bits, 0);
  const sizes = stat.internalNodesBySize.flatMap((count, bits) => (count > 0 ? [`  ${bits}: ${count}`] : []));
  const bytes = LEAF_SIZE * stat.leaves + ALIAS_SIZE * aliases + TNODE_SIZE * stat.tnodes + POINTER_SIZE * pointers;
  return (
    `\tAver depth:     ${Math.floor(average / 100)}.${String(average % 100).padStart(2, '0')}\n` +
    `\tMax depth:      ${stat.maxDepth}\n` +
    `\tLeaves:         ${stat.leaves}\n` +
    `\tPrefixes:       ${aliases}\n` +
    `\tInternal nodes: ${stat.tnodes}\n\t${sizes.join('')}\n` +
    `\tPointers: ${pointers}\nNull ptrs: ${stat.nullPointers}\nTotal size: ${Math.ceil(bytes / 1024)}  kB\n`
  );
}

/** There has been no cache of routes by destination since Linux 3.6: only the title is left. */
export function rtCacheShow(): string {
  return `${'Iface\tDestination\tGateway \tFlags\t\tRefCnt\tUse\tMetric\tSource\t\tMTU\tWindow\tIRTT\tTOS\tHHRef\tHHUptod\tSpecDst'.padEnd(WIDTH)}\n`;
}
