/**
 * What route, netstat, ifconfig and ipmaddr make of the kernel's files about IPv6: the same files are laid in the way of the system's
 * commands and of ours. Needs root and net-tools 2.10; says aloud when it cannot.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENOENT } from '@skbuff/uapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands, createNet, type Host, type HostNet } from '../src/index.ts';

const possible = process.getuid?.() === 0 && spawnSync('netstat', ['-V']).stdout?.toString().includes('net-tools 2.10') === true;
if (!possible) console.warn('net-tools of IPv6 oracle SKIPPED: it needs root and net-tools 2.10');

const NONE = '0'.repeat(32);
const ROUTE = `20010db8${'0'.repeat(24)}`;

/** Destination, its length, gateway, metric, references, uses, flags, device. */
function route(dst: string, length: string, via: string, numbers: string, flags: string, dev: string): string {
  return `${dst} ${length} ${NONE} 00 ${via} ${numbers} ${flags} ${dev.padStart(8)}\n`;
}

const COUNTERS: Readonly<Record<string, string>> = {
  Ip6: 'InReceives InHdrErrors InTooBigErrors InNoRoutes InAddrErrors InUnknownProtos InTruncatedPkts InDiscards InDelivers OutForwDatagrams OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates InMcastPkts OutMcastPkts InOctets OutTransmits',
  Icmp6: 'InMsgs InErrors OutMsgs OutErrors InCsumErrors OutRateLimitHost InDestUnreachs InPktTooBigs InTimeExcds InParmProblems InEchos InEchoReplies InGroupMembQueries InGroupMembResponses InGroupMembReductions InRouterSolicits InRouterAdvertisements InNeighborSolicits InNeighborAdvertisements InRedirects InMLDv2Reports OutDestUnreachs OutPktTooBigs OutTimeExcds OutParmProblems OutEchos OutEchoReplies OutGroupMembQueries OutGroupMembResponses OutGroupMembReductions OutRouterSolicits OutRouterAdvertisements OutNeighborSolicits OutNeighborAdvertisements OutRedirects OutMLDv2Reports OutType143',
  Udp6: 'InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors',
  UdpLite6: 'InDatagrams NoPorts',
};

function snmp6(first: number): string {
  const names = Object.entries(COUNTERS).flatMap(([group, list]) => list.split(' ').map((name) => group + name));
  return [...names, 'Icmp6InType1', 'Udp6Late', 'Foo6Bar'].map((name, i) => `${name.padEnd(32)}\t${first === 0 ? 0 : first + i}\n`).join('');
}

function socket(local: string, remote: string, state: string, inode: number): string {
  return `    0: ${local} ${remote} ${state} 00000003:00000007 00:00000000 00000000     0        0 ${inode} 2 0000000000000000 0\n`;
}

const [ANY, ONE, LONG, MAPPED] = [NONE, '00000000000000000000000001000000', 'B80D0120BBBBAAAADDDDCCCCFFFFEEEE', '0000000000000000FFFF00000100007F'];
const HEADING = '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n';
const TCP = 'Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens\nTcp: 1 200 120000 -1 5 0\n';

/** Two sets: one of everything, one with as little as there can be. */
const SETS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  full: {
    ipv6_route:
      route(ROUTE, '40', NONE, '00000100 00000001 00000007', '00000001', 'v0') +
      route('20010db8aaaabbbbccccddddeeeeffff', '80', '20010db8aaaabbbbccccddddeeeefff1', '00000400 00000001 00000000', '00000007', 'v0') +
      ['80200001', '00450003', 'ffffffff', 'fefffdff', '00000000', '01000001', '00000201', '003f0021'].map((flags) => route(ROUTE, '40', NONE, '00000400 00000001 00000000', flags, 'v0')).join('') +
      route(NONE, '00', NONE, 'ffffffff 12345678 ffffffff', '00200200', 'averylongname15'),
    snmp6: snmp6(1000),
    snmp: TCP,
    udp6: HEADING + socket(`${LONG}:C350`, `${LONG}:0BB8`, '01', 5) + socket(`${ONE}:0028`, `${ONE}:07D0`, '01', 6) + socket(`${ANY}:0035`, `${ANY}:0000`, '07', 7) + socket(`${MAPPED}:0046`, `${ANY}:0000`, '07', 8),
    raw6: HEADING + socket(`${ANY}:0059`, `${ANY}:0000`, '07', 9) + socket(`${ONE}:003A`, `${ANY}:0000`, '07', 10),
    tcp6: HEADING + socket(`${ANY}:0050`, `${ANY}:0000`, '0A', 11) + socket(`${ONE}:0050`, `${ONE}:9999`, '06', 12),
    udplite6: HEADING + socket(`${ANY}:0050`, `${ANY}:0000`, '07', 13),
    udp: HEADING + socket('0100007F:0050', '00000000:0000', '07', 14),
    igmp: 'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n1\tlo        :     1      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n',
    igmp6: '1    lo              ff020000000000000000000000000001     1 0000000C 0\n2    averylongname15 ff0200000000000000000001ff000001     2 00000004 0\n',
  },
  empty: { ipv6_route: '', snmp6: snmp6(0), snmp: TCP, udp6: HEADING, igmp6: '', igmp: 'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n' },
};

const LINES = [
  'route -A inet6 -n', 'route -6 -nC', 'route --inet6 -n -F -C', 'netstat -rn6', 'netstat -rnCF6', 'netstat -s6', 'netstat -6st', 'netstat -s6u', 'netstat -s6w', 'netstat -s6uw',
  'netstat -s46', 'netstat -s --inet6 --inet', 'netstat -6n', 'netstat -6an', 'netstat -aun', 'netstat -aun6', 'netstat -awn6', 'netstat -aUn6', 'netstat -un6', 'netstat -lun', 'netstat -lun6',
  'netstat -aWun6', 'netstat -auen6', 'netstat -auon6', 'netstat -aupn6', 'netstat -atn6', 'netstat -ltn6', 'netstat -A inet6 -an', 'netstat -gn', 'netstat -gn6', 'netstat -gn4', 'netstat -gn46',
  'ipmaddr show ipv6', 'ipmaddr show ipv6 dev lo',
];

describe.skipIf(!possible).each(Object.entries(SETS))('given files about IPv6 (%s)', (_name, files) => {
  let dir = '';
  let net: HostNet;
  let host: Host;

  beforeAll(() => {
    dir = mkdtempSync('/tmp/skbuff-nt6-');
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    const withFiles = commands().map((command) => ({
      name: command.name,
      run: (argv: readonly string[], env: Parameters<typeof command.run>[1]) =>
        command.run(argv, Object.create(env, { readFile: { value: (path: string) => files[path.replace('/proc/net/', '')] ?? -ENOENT } })),
    }));
    net = createNet({ debug: true, commands: withFiles });
    host = net.host('h');
  });

  afterAll(() => {
    rmSync(dir, { recursive: true });
    expect(net.close()).toEqual({});
  });

  it.each(LINES)('%s', async (line) => {
    const script = `mount --bind ${dir} /proc/$$/net; exec ${line}`;
    const { status, stdout, stderr } = spawnSync('unshare', ['--mount', '--net', '--propagation', 'private', 'sh', '-c', script], { encoding: 'utf8' });
    const { code, ...ours } = await host.run(line);
    expect({ status: code, ...ours }).toEqual({ status, stdout, stderr });
  });
});
