import { setupNet } from '@skbuff/core';
import { EACCES, EINVAL, ENOENT } from '@skbuff/uapi';
import type { Net } from '@skbuff/core';
import { sysctlOf } from '@skbuff/sysctl';
import { describe, expect, it } from 'vitest';
import { ipv4Net, LINUX_MIB_ARPFILTER, LINUX_MIB_IPRPFILTER, LINUX_MIB_MAX, LINUX_MIB_NAMES } from '../src/index.ts';
import { useHost } from './support.ts';

const t = useHost();
const conf = (name: string): (string | number)[] =>
  ['all', 'default', 'lo', 'a', 'b'].map((dev) => t.h.sysctlRead(`net/ipv4/conf/${dev}/${name}`)).map((text) => (typeof text === 'string' ? Number(text) : text));

describe('forwarding', () => {
  it('is switched for all interfaces by ip_forward and conf.all, and for one by its own', () => {
    t.h.eth('a');
    t.h.eth('b');
    t.h.sysctl('net/ipv4/ip_forward', '1');
    expect(conf('forwarding')).toEqual([1, 1, 1, 1, 1]);
    t.h.sysctl('net/ipv4/conf/a/forwarding', '0');
    expect(conf('forwarding')).toEqual([1, 1, 1, 0, 1]);
    t.h.sysctl('net/ipv4/conf/default/forwarding', '0');
    expect(conf('forwarding')).toEqual([1, 0, 1, 0, 1]);
    t.h.sysctl('net/ipv4/conf/all/forwarding', '1');
    expect(conf('forwarding')).toEqual([1, 0, 1, 0, 1]);
    t.h.sysctl('net/ipv4/conf/all/forwarding', '2');
    expect(conf('forwarding')).toEqual([2, 2, 2, 2, 2]);
    expect(t.h.sysctlRead('net/ipv4/ip_forward')).toBe('2\n');
  });

  it('takes redirects away from a router', () => {
    t.h.eth('a');
    t.h.sysctl('net/ipv4/ip_forward', '1');
    expect(conf('accept_redirects')).toEqual([0, 1, 1, 1, -ENOENT]);
    t.h.sysctl('net/ipv4/ip_forward', '0');
    expect(conf('accept_redirects')).toEqual([1, 1, 1, 1, -ENOENT]);
  });

  it('lets routing forget what it decided before', () => {
    const flushed: Net[] = [];
    t.h.routing.cacheFlush = (net) => void flushed.push(net);
    t.h.sysctl('net/ipv4/ip_forward', '1');
    t.h.sysctl('net/ipv4/ip_forward', '1');
    expect(flushed).toEqual([t.h.net]);
  });
});

describe('settings of interfaces', () => {
  it('follow default until somebody sets them or gives an address', () => {
    t.h.eth('a');
    t.h.eth('b', '10.0.0.1');
    t.h.sysctl('net/ipv4/conf/default/arp_filter', '1');
    // lo has its address.
    expect(conf('arp_filter')).toEqual([0, 1, 0, 1, 1]);
  });

  it('are copied to new interfaces with the mark that they were set, as Linux does', () => {
    t.h.sysctl('net/ipv4/conf/default/arp_filter', '1');
    t.h.eth('a');
    t.h.sysctl('net/ipv4/conf/default/arp_filter', '0');
    expect(conf('arp_filter')).toEqual([0, 0, 0, 1, -ENOENT]);
  });

  it('of a new namespace are those of the first', () => {
    t.h.sysctl('net/ipv4/conf/all/rp_filter', '2');
    const net = setupNet(t.h.kernel) as Net;
    expect(ipv4Net.of(net).devconfAll.rpFilter).toBe(2);
    sysctlOf(net).write('net/ipv4/conf/all/rp_filter', '0');
    expect(t.h.state.devconfAll.rpFilter).toBe(2);
    expect(sysctlOf(net).write('net/ipv4/conf/all/mc_forwarding', '1')).toBe(-EACCES);
    expect(sysctlOf(net).read('net/ipv4/conf/all/mc_forwarding')).toBe('0\n');
    net.put();
  });

  it('begin with the kernel\'s defaults [OPT-17]', () => {
    const text = sysctlOf(t.h.net)
      .list('net/ipv4/conf/default')
      .map((path) => `${path.split('/').pop()}=${(t.h.sysctlRead(path) as string).trim()}`)
      .filter((entry) => !entry.endsWith('=0'));
    expect(text).toEqual([
      'accept_redirects=1',
      'accept_source_route=1',
      'arp_evict_nocarrier=1',
      'igmpv2_unsolicited_report_interval=10000',
      'igmpv3_unsolicited_report_interval=1000',
      'secure_redirects=1',
      'send_redirects=1',
      'shared_media=1',
    ]);
    expect(t.h.sysctlRead('net/ipv4/conf/all/accept_source_route')).toBe('0\n');
  });
});

describe('ranges', () => {
  it.each([
    ['ip_default_ttl', ['0', '256', '-1'], ['1', '255']],
    ['ip_no_pmtu_disc', ['256', '-1'], ['0', '3', '255']],
    ['ip_forward_use_pmtu', ['256'], ['0', '255']],
    ['ip_forward_update_priority', ['2'], ['0', '1']],
    ['ip_nonlocal_bind', ['256'], ['0', '255']],
    ['ip_local_port_range', ['1023 2000', '3000 2000', '1024 65536', '65535', 'x'], ['1024\t65535', '2000\t3000']],
    ['ip_unprivileged_port_start', ['65535', '-1'], ['0', '80']],
    ['ipfrag_high_thresh', ['3145727', '-1'], ['3145728', '5000000']],
    ['ipfrag_low_thresh', ['5000000', '-1'], ['0', '3145728']],
    ['ipfrag_time', ['2147484'], ['-1', '0', '60']],
    ['ipfrag_max_dist', ['-1'], ['0', '2147483647']],
  ])('of %s are the kernel\'s', (name, bad, good) => {
    const path = `net/ipv4/${name}`;
    for (const text of bad) expect([text, t.h.sysctl(path, text)]).toEqual([text, -EINVAL]);
    for (const text of good) {
      expect([text, t.h.sysctl(path, `${text}\n`)]).toEqual([text, 0]);
      expect(t.h.sysctlRead(path)).toBe(`${text}\n`);
    }
  });
});

it('shows the counters in the files and in the order of the kernel', () => {
  expect(t.h.proc('snmp').split('\n')[0]).toBe(
    'Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates OutTransmits',
  );
  const netstat = t.h.proc('netstat').split('\n');
  expect(netstat[2]).toBe(
    'IpExt: InNoRoutes InTruncatedPkts InMcastPkts OutMcastPkts InBcastPkts OutBcastPkts InOctets OutOctets InMcastOctets OutMcastOctets InBcastOctets OutBcastOctets InCsumErrors InNoECTPkts InECT1Pkts InECT0Pkts InCEPkts ReasmOverlaps',
  );
  expect(netstat[0]?.split(' ').length).toBe(netstat[1]?.split(' ').length);
  expect(t.h.mib('Ip', 'Forwarding')).toBe(2);
  t.h.sysctl('net/ipv4/ip_forward', '1');
  expect(t.h.mib('Ip', 'Forwarding')).toBe(1);
});

it('has a place for each counter that has a name', () => {
  expect(LINUX_MIB_NAMES.length).toBe(LINUX_MIB_MAX);
  expect([LINUX_MIB_NAMES[LINUX_MIB_ARPFILTER], LINUX_MIB_NAMES[LINUX_MIB_IPRPFILTER]]).toEqual(['ArpFilter', 'IPReversePathFilter']);
});
