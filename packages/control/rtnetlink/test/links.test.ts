import { NETLINK_GET_STRICT_CHK, NETLINK_ROUTE, NETLINK_CAP_ACK, NETLINK_EXT_ACK } from '@skbuff/uapi';
import { netlinkPort, type NetlinkPort } from '@skbuff/netlink';
import { describe, expect, it } from 'vitest';
import { RTNL_LINKS } from '../src/index.ts';
import { drain, makeBench, readable, record, unhex } from './support.ts';

interface Step {
  name: string;
  send: string;
  replies: string[];
  ns?: 'a';
  strict?: 1;
  told?: string[];
  toldA?: string[];
}

const { steps } = record<{ steps: Step[] }>('links');
const bench = makeBench();
const monitors = { a: bench.port(bench.a, 1), b: bench.port(bench.b, 1) };

/** Rows of the specification that a step shows. */
const ROWS: Readonly<Record<string, string>> = {
  'loopback alone': '[RTNL-08] [DEV-06]',
  'make i0': '[RTNL-12] [REG-11] [REG-12]',
  'make one with everything': '[REG-11] [DEV-26]',
  'make one up, with echo': '[NL-25]',
  'make one that is up': '[REG-12]',
  'unknown kind': '[REG-11] [RTNL-13]',
  'name taken, EXCL': '[NLM-06]',
  'unknown name without CREATE': '[NLM-06]',
  'name taken, REPLACE': '[NLM-06]',
  'name with a space': '[DEV-02]',
  'name of a dot': '[DEV-02]',
  'get by name': '[DEV-03]',
  'get by index': '[DEV-04]',
  dump: '[NLM-05] [RTNL-03] [DEV-05]',
  mtu: '[DEV-10] [TOOL-18]',
  'same mtu': '[DEV-10]',
  'mtu too small': '[DEV-10]',
  'address of an end': '[DEV-13] [DEV-14]',
  txqlen: '[DEV-25] [TOOL-18]',
  rename: '[TOOL-18]',
  'alias of 256': '[DEV-08]',
  'no alias': '[DEV-08]',
  'group while up': '[DEV-26]',
  dormant: '[STA-08]',
  'linkmode while up': '[STA-08]',
  promisc: '[DEV-18]',
  allmulti: '[DEV-19]',
  up: '[FLG-01]',
  'namespace of loopback': '[NSP-05]',
  'veth pair': '[DEV-07]',
  'both ends up': '[STA-04]',
  'move one end': '[NSP-05]',
};

// One history: each step finds what the steps before it have left.
describe('links against a recorded kernel', () => {
  it.each(steps.map((s, i) => [`${i} ${s.name} ${ROWS[s.name] ?? ''}`, s] as const))('%s', (_name, step) => {
    const port = netlinkPort(step.ns === 'a' ? bench.a : bench.b, NETLINK_ROUTE) as NetlinkPort;
    port.bind(4711);
    for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK]) port.setsockopt(option, 1);
    if (step.strict) port.setsockopt(NETLINK_GET_STRICT_CHK, 1);
    port.sendmsg(unhex(step.send));
    const replies = drain(port);
    port.close();
    bench.clock.advance(2e9);
    const told = { replies, b: drain(monitors.b), a: drain(monitors.a) };
    const want = { replies: step.replies, b: step.told ?? [], a: step.toldA ?? [] };
    // Parts of a dump are compared as one: what was left out of the record made Linux's parts shorter.
    for (const who of ['replies', 'b', 'a'] as const) expect([who, ...told[who].flatMap(readable)]).toEqual([who, ...want[who].flatMap(readable)]);
  });
});

describe('afterwards', () => {
  it('nothing is left that is not told about, and nothing leaks', () => {
    expect(bench.kernel.services.get(RTNL_LINKS)).toMatchObject({ request: null, moving: null, onFirstChange: null, initializing: new Set() });
    expect(bench.kernel.shutdown()).toEqual({});
  });
});
