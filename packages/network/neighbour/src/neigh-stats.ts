/** `struct neigh_statistics`: what a table counts. */
export class NeighStatistics {
  allocs = 0;
  destroys = 0;
  hashGrows = 0;
  lookups = 0;
  hits = 0;
  resFailed = 0;
  rcvProbesMcast = 0;
  rcvProbesUcast = 0;
  periodicGcRuns = 0;
  forcedGcRuns = 0;
  unresDiscards = 0;
  tableFulls = 0;
}

const COLUMNS: readonly (keyof NeighStatistics)[] = [
  'allocs',
  'destroys',
  'hashGrows',
  'lookups',
  'hits',
  'resFailed',
  'rcvProbesMcast',
  'rcvProbesUcast',
  'periodicGcRuns',
  'forcedGcRuns',
  'unresDiscards',
  'tableFulls',
];

const HEADING =
  'entries  allocs   destroys hash_grows lookups  hits     res_failed rcv_probes_mcast rcv_probes_ucast periodic_gc_runs forced_gc_runs unresolved_discards table_fulls';
/** Widths of the columns, their gap included; the last has none. */
const WIDTHS = [9, 9, 9, 11, 9, 9, 11, 17, 17, 17, 15, 20, 0];

/** `neigh_stat_seq_show`: the text of /proc/net/stat/arp_cache, numbers in hexadecimal. There is one CPU, hence one row. */
export function neighStatSeqShow(entries: number, stats: NeighStatistics): string {
  const values = [entries, ...COLUMNS.map((name) => stats[name])];
  const cells = values.map((value, i) => (value >>> 0).toString(16).padStart(8, '0').padEnd(WIDTHS[i] as number));
  return `${HEADING}\n${cells.join('')}\n`;
}
