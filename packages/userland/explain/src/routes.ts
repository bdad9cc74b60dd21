/** What the families share of telling a lookup of a route: rules that were asked, and the words. */
import type { FibRule } from '@skbuff/fib-rules';
import { FIB_RULE_INVERT, FR_ACT_PROHIBIT, FR_ACT_TO_TBL, FR_ACT_UNREACHABLE, RT_TABLE_DEFAULT, RT_TABLE_LOCAL, RT_TABLE_MAIN, RTN_ANYCAST, RTN_BLACKHOLE, RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST, RTN_PROHIBIT, RTN_THROW, RTN_UNICAST, RTN_UNREACHABLE } from '@skbuff/uapi';
import type { RouteFound } from './trace.ts';

const TYPES: Readonly<{ [key: number]: string }> = {
  [RTN_UNICAST]: '', [RTN_LOCAL]: 'local ', [RTN_BROADCAST]: 'broadcast ', [RTN_ANYCAST]: 'anycast ', [RTN_MULTICAST]: 'multicast ',
  [RTN_BLACKHOLE]: 'blackhole ', [RTN_UNREACHABLE]: 'unreachable ', [RTN_PROHIBIT]: 'prohibit ', [RTN_THROW]: 'throw ',
};

/** Tells of each of the rules that was found: a lookup reads what a rule does only after the rule has matched. Returns the undo. */
export function watchRules<R extends FibRule>(rules: readonly R[], found: (rule: R) => void): () => void {
  for (const rule of rules) {
    const { action } = rule;
    Object.defineProperty(rule, 'action', { configurable: true, enumerable: true, get: () => (found(rule), action) });
  }
  return () => {
    for (const rule of rules) Object.defineProperty(rule, 'action', { configurable: true, enumerable: true, writable: true, value: rule.action });
  };
}

/** `default via 10.0.1.1 dev eth1 (table main)` */
export function foundLine({ table, route, rule }: RouteFound, daddr: string): string {
  if (route === '') return `no route to ${daddr}${rule === null ? '' : ` (${rule})`}`;
  return `${route} (${rule === null ? table : `${rule}, ${table}`})`;
}

export interface RouteWay {
  /** RTN_* */
  readonly type: number;
  /** `10.0.2.0/24`, `default` */
  readonly prefix: string;
  /** Empty: the destination is on the link. */
  readonly gateway: string;
  /** Empty: none. */
  readonly dev: string;
  /** Which of how many ways that share the packets, from 0. */
  readonly hop: number;
  readonly hops: number;
}

/** `unreachable 10.66.0.0/16`, `default via 10.0.1.1 dev eth1 (hop 1 of 2)` */
export function routeLine({ type, prefix, gateway, dev, hop, hops }: RouteWay): string {
  return `${TYPES[type] ?? ''}${prefix}${gateway === '' ? '' : ` via ${gateway}`}${dev === '' ? '' : ` dev ${dev}`}${hops > 1 ? ` (hop ${hop + 1} of ${hops})` : ''}`;
}

export function tableName(id: number): string {
  return id === RT_TABLE_LOCAL ? 'local' : id === RT_TABLE_MAIN ? 'main' : id === RT_TABLE_DEFAULT ? 'default' : String(id);
}

/** `rule 100: from 10.0.1.0/24 fwmark 0x1 lookup 7`; `src` and `dst` empty: any. */
export function ruleLine(rule: FibRule, src: string, dst: string, tos: number): string {
  const { action } = rule;
  const parts = [
    `rule ${rule.pref}:`,
    (rule.flags & FIB_RULE_INVERT) !== 0 ? 'not' : '',
    `from ${src === '' ? 'all' : src}`,
    dst === '' ? '' : `to ${dst}`,
    tos === 0 ? '' : `tos 0x${tos.toString(16)}`,
    rule.mark === 0 && rule.markMask === 0 ? '' : `fwmark 0x${rule.mark.toString(16)}`,
    rule.iifname === '' ? '' : `iif ${rule.iifname}`,
    rule.oifname === '' ? '' : `oif ${rule.oifname}`,
    action === FR_ACT_TO_TBL ? `lookup ${tableName(rule.table)}` : action === FR_ACT_UNREACHABLE ? 'unreachable' : action === FR_ACT_PROHIBIT ? 'prohibit' : 'blackhole',
  ];
  return parts.filter((part) => part !== '').join(' ');
}
