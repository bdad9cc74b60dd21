/** What the oracle cannot show: files that are missing, and files of /etc. The words are those of the real tools for the same files. */
import type { Command, CommandEnv } from '@skbuff/command';
import { ENODEV, ENOENT, IFREQ_UNION, SIOCGIFHWADDR, SIOCSARP, SIOCSIFNAME } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { arp, nameif, netstat, route } from '../src/index.ts';

interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Requests that were made, each with its bytes. */
  readonly calls: readonly (readonly [request: number, hex: string])[];
}

const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex');

/** Runs a command where there is nothing but these files; `ioctl` answers requests. */
function run(command: Command, line: string, files: Readonly<Record<string, string>>, ioctl: (request: number, arg: Uint8Array) => number = () => 0): Result {
  const out = { stdout: '', stderr: '' };
  const calls: [number, string][] = [];
  const env = {
    readFile: (path: string) => files[path] ?? -ENOENT,
    stdout: (text: string) => void (out.stdout += text),
    stderr: (text: string) => void (out.stderr += text),
    task: {
      socket: () => 3,
      ioctl(_fd: number, request: number, arg: Uint8Array): number {
        calls.push([request, hex(arg)]);
        return ioctl(request, arg);
      },
    },
  } as unknown as CommandEnv;
  return { status: command.run(line.split(' '), env) as number, ...out, calls };
}

it.each<[line: string, command: Command, stdout: string, stderr: string, status: number]>([
  ['netstat -atn', netstat, 'Active Internet connections (servers and established)\nProto Recv-Q Send-Q Local Address           Foreign Address         State      \n', "netstat: no support for `AF INET (tcp)' on this system.\n", 1],
  ['netstat -gn', netstat, 'IPv6/IPv4 Group Memberships\nInterface       RefCnt Group\n--------------- ------ ---------------------\n', "netstat: no support for `AF INET (igmp)' on this system.\n", 1],
  ['netstat -s', netstat, '', 'cannot open /proc/net/snmp: No such file or directory\n', 0],
  ['netstat -rn', netstat, 'INET (IPv4) not configured in this system.\n', '/proc/net/route: No such file or directory\n', 1],
  ['netstat -rn6', netstat, 'INET6 (IPv6) not configured in this system.\n', '/proc/net/ipv6_route: No such file or directory\n', 1],
  ['netstat -aun6', netstat, 'Active Internet connections (servers and established)\nProto Recv-Q Send-Q Local Address           Foreign Address         State      \n', '', 0],
  ['route -6 -n', route, 'INET6 (IPv6) not configured in this system.\n', '/proc/net/ipv6_route: No such file or directory\n', 1],
  ['route -A unix', route, '', "No routing for address family `unix'.\n", 3],
  ['arp -n', arp, '', '/proc/net/arp: No such file or directory\n', 255],
  ['arp -f', arp, '', 'arp: cannot open etherfile /etc/ethers !\n', 255],
  ['nameif', nameif, '', 'opening configuration file /etc/mactab: No such file or directory\n', 1],
])('%s where its file is missing [TOOL-58]', (line, command, stdout, stderr, status) => {
  expect(run(command, line, {})).toMatchObject({ stdout, stderr, status });
});

it('reads ARP entries from a file and tells which lines are wrong [TOOL-01]', () => {
  const files = { '/etc/ethers': '# comment\n\n10.0.0.1 02:00:00:00:00:01\n10.0.0.2 02:00:00:00:00:02 temp\n10.0.0.3\n10.0.0.4 xx\n' };
  const { calls, stderr, status } = run(arp, 'arp -f', files);
  expect(calls.map(([request]) => request)).toEqual([SIOCSARP, SIOCSARP]);
  expect(calls.map(([, bytes]) => bytes.slice(0, 72))).toEqual([
    '020000000a00000100000000000000000100020000000001000000000000000006000000',
    '020000000a00000200000000000000000100020000000002000000000000000002000000',
  ]);
  expect([stderr, status]).toEqual([
    'arp: format error on line 5 of etherfile /etc/ethers !\narp: invalid hardware address\narp: cannot set entry on line 6 of etherfile /etc/ethers !\n',
    0,
  ]);
});

it('gives interfaces names by their hardware addresses', () => {
  const dev = 'Inter-|\n face |\n    lo: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n  eth7: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n';
  const answer = (request: number, arg: Uint8Array): number => {
    if (request === SIOCGIFHWADDR && arg[0] === 0x65) arg.set([1, 0, 2, 0, 0, 0, 0, 1], IFREQ_UNION);
    return 0;
  };
  const { calls, status } = run(nameif, 'nameif', { '/proc/net/dev': dev, '/etc/mactab': 'wan 02:00:00:00:00:01 # the cable\n' }, answer);
  expect([calls.at(-1)?.[0], calls.at(-1)?.[1].slice(0, 38), status]).toEqual([SIOCSIFNAME, `65746837${'00'.repeat(12)}77616e`, 0]);
  expect(run(nameif, 'nameif wan 02:00:00:00:00:09', { '/proc/net/dev': dev }, () => -ENODEV)).toMatchObject({ stderr: "interface 'wan' not found\n", status: 1 });
});

it('puts counters into words and leaves out those that are 0 [TOOL-45]', () => {
  const snmp =
    'Ip: Forwarding DefaultTTL InReceives InHdrErrors ForwDatagrams ReasmOKs\nIp: 1 64 9 0 3 2\n' +
    'Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InEchos OutMsgs OutErrors OutRateLimitHost OutEchoReps\nIcmp: 4 1 1 0 2 2 0 7 2\n' +
    'IcmpMsg: InType8 OutType0\nIcmpMsg: 2 2\nUdp: InDatagrams NoPorts MemErrors\nUdp: 5 0 1\n';
  const { stdout } = run(netstat, 'netstat -s', { '/proc/net/snmp': snmp });
  expect(stdout).toBe(
    'Ip:\n    Forwarding: 1\n    9 total packets received\n    3 forwarded\n    2 packets reassembled ok\n' +
      'Icmp:\n    4 ICMP messages received\n    1 input ICMP message failed\n    InCsumErrors: 1\n    ICMP input histogram:\n        echo requests: 2\n' +
      '    2 ICMP messages sent\n    0 ICMP messages failed\n    OutRateLimitHost: 7\n    ICMP output histogram:\n        echo replies: 2\n' +
      'IcmpMsg:\n        InType8: 2\n        OutType0: 2\nUdp:\n    5 packets received\n    0 packets to unknown port received\n    MemErrors: 1\n',
  );
});

it('names ports as the file of the machine does, or as netbase where there is none', () => {
  const row = '   1: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 77 2 0000000000000000 0\n';
  const files = { '/proc/net/udp': `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n${row}` };
  const local = (given: Readonly<Record<string, string>>): string | undefined => run(netstat, 'netstat -au', { ...files, ...given }).stdout.split('\n')[2]?.split(/\s+/)[3];
  expect([local({}), local({ '/etc/services': 'mine 53/udp\n' }), local({ '/etc/services': 'mine 53/tcp\n' })]).toEqual(['0.0.0.0:domain', '0.0.0.0:mine', '0.0.0.0:53']);
});
