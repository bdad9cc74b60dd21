import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Host, type HostNet, createNet } from '../src/index.ts';

let net: HostNet;
let a: Host;
let b: Host;

beforeEach(async () => {
  net = createNet({ debug: true });
  [a, b] = net.hosts('a', 'b');
  net.link(a, b);
  a.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' });
  b.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
  await net.advance(1000);
});

afterEach(() => {
  expect(net.close()).toEqual({});
});

const REQUEST = 'IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64\n';
const REPLY = 'IP 10.0.0.2 > 10.0.0.1: ICMP echo reply, id 1, seq 1, length 64\n';
const masked = (text: string): string => text.replace(/id \d+/g, 'id 1');

describe('tcpdump on an interface', () => {
  it('prints what passes and what it saw, promiscuous meanwhile [TOOL-51]', async () => {
    const capture = b.run('tcpdump -tni eth0 -c 4 arp or icmp');
    await net.advance(10);
    expect((await b.run('ip -d link show eth0')).stdout).toContain('promiscuity 1');
    await a.run('ping -c 1 10.0.0.2');
    const { code, stdout, stderr } = await capture;
    expect(masked(stdout)).toBe(`ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28\nARP, Reply 10.0.0.2 is-at ${/is-at (\S+),/.exec(stdout)?.[1]}, length 28\n${REQUEST}${REPLY}`);
    expect(stderr).toBe(
      'tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\nlistening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n4 packets captured\n4 packets received by filter\n0 packets dropped by kernel\n',
    );
    expect(code).toBe(0);
    expect((await b.run('ip -d link show eth0')).stdout).toContain('promiscuity 0');
  });

  it('filters in the kernel, and goes by direction', async () => {
    const capture = b.run('tcpdump -tni eth0 -Q out -c 1 icmp');
    await net.advance(10);
    await a.run('ping -c 1 10.0.0.2');
    expect(masked((await capture).stdout)).toBe(REPLY);
  });

  it('says what it cannot do', async () => {
    expect(await b.run('tcpdump -i eth7')).toMatchObject({ code: 1, stderr: 'tcpdump: eth7: No such device exists\n(No such device exists)\n' });
    expect(await b.run('tcpdump -ni eth0 port foo')).toMatchObject({ code: 1, stderr: "tcpdump: unknown port 'foo'\n" });
    expect(await b.run('tcpdump -r /nowhere')).toMatchObject({ code: 1, stderr: 'tcpdump: /nowhere: No such file or directory\n' });
    expect(await b.run('tcpdump -d ip')).toMatchObject({ code: 0, stdout: '(000) ldh      [12]\n(001) jeq      #0x800           jt 2\tjf 3\n(002) ret      #262144\n(003) ret      #0\n', stderr: 'Warning: assuming Ethernet\n' });
  });
});
