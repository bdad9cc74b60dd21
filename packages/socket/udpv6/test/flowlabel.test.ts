/** Flow labels (IPV6_FLOWLABEL_MGR). What is expected is what Linux 6.18 said. */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import { bytes, in6, sin6 } from '@skbuff/testbed';
import * as U from '@skbuff/uapi';
import { setBe32, setLe16 } from '@skbuff/wire';
import { expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab();

interface Req {
  readonly dst?: string;
  readonly label?: number;
  readonly action?: number;
  readonly share?: number;
  readonly flags?: number;
  readonly expires?: number;
  readonly linger?: number;
}

function req({ dst = '::1', label = 0, action = U.IPV6_FL_A_GET, share = U.IPV6_FL_S_ANY, flags = U.IPV6_FL_F_CREATE, expires = 0, linger = 0 }: Req): Uint8Array {
  const data = new Uint8Array(32);
  in6(dst).store(data, 0);
  setBe32(data, 16, label);
  data[20] = action;
  data[21] = share;
  setLe16(data, 22, flags);
  setLe16(data, 24, expires);
  setLe16(data, 26, linger);
  return data;
}

const socket = (): number => t.lab.ta.socket(U.AF_INET6, U.SOCK_DGRAM);
const manage = (fd: number, fields: Req): number => t.lab.ta.setsockopt(fd, U.SOL_IPV6, U.IPV6_FLOWLABEL_MGR, req(fields));
const EXCL = U.IPV6_FL_F_CREATE | U.IPV6_FL_F_EXCL;

it('labels are created, shared by the rules, renewed and given up', () => {
  const [f, g] = [socket(), socket()];
  const steps: readonly (readonly [fd: number, fields: Req, result: number])[] = [
    [f, { label: 5 }, 0],
    [f, { label: 5 }, 0],
    [f, { label: 5, flags: EXCL }, -U.EEXIST],
    [g, { label: 5, flags: 0 }, 0],
    [g, { label: 6, flags: 0 }, -U.ENOENT],
    [g, { label: 0x100000 }, -U.EINVAL],
    [g, { dst: '::' }, -U.EINVAL],
    [g, { dst: '::ffff:1.2.3.4' }, -U.EINVAL],
    [g, { share: 0 }, -U.EINVAL],
    [g, { share: 4 }, -U.EINVAL],
    [g, { label: 7, linger: 200 }, 0],
    [g, { label: 8, linger: 151, expires: 9 }, 0],
    [f, { label: 9, share: U.IPV6_FL_S_EXCL }, 0],
    [g, { label: 9, share: U.IPV6_FL_S_EXCL, flags: 0 }, -U.EPERM],
    [f, { label: 11, share: U.IPV6_FL_S_USER }, 0],
    [g, { label: 11, share: U.IPV6_FL_S_USER, flags: 0 }, 0],
    [g, { label: 11, flags: 0 }, -U.EPERM],
    [g, { label: 11, action: U.IPV6_FL_A_PUT }, 0],
    [g, { label: 11, action: U.IPV6_FL_A_PUT }, -U.ESRCH],
    [f, { label: 5, action: U.IPV6_FL_A_RENEW, linger: 20, expires: 30 }, 0],
    [f, { label: 99, action: U.IPV6_FL_A_RENEW }, -U.ESRCH],
    [f, { action: 3 }, -U.EINVAL],
    [f, { flags: U.IPV6_FL_F_REFLECT }, -U.EPERM],
  ];
  expect(steps.map(([fd, fields]) => manage(fd, fields))).toEqual(steps.map(([, , result]) => result));
  const dst = '00000000000000000000000000000001';
  expect(t.lab.proc(t.lab.a, 'ip6_flowlabel')).toBe(
    [
      'Label S Owner  Users  Linger Expires  Dst                              Opt',
      `00005 255 0      3      20     30       ${dst} 0   `,
      `00007 255 0      1      200    200      ${dst} 0   `,
      `00008 255 0      1      151    151      ${dst} 0   `,
      `00009 1 0      1      6      6        ${dst} 0   `,
      `0000B 3 0      1      6      6        ${dst} 0   `,
      '',
    ].join('\n'),
  );
});

it('where one is not for everybody, who sends by a label must have it', () => {
  const [f, g] = [socket(), socket()];
  const send = (fd: number, label: number): unknown => {
    t.lab.ta.setsockopt(fd, U.SOL_IPV6, U.IPV6_FLOWINFO_SEND, 1);
    return t.lab.ta.sendto(fd, bytes('x'), 0, sin6('::1', 5000, 0, label));
  };
  expect(send(f, 77)).toBe(1);
  manage(f, { label: 5 });
  manage(f, { label: 9, share: U.IPV6_FL_S_EXCL });
  expect([send(f, 5), send(f, 77), send(f, 9), send(g, 9)]).toEqual([1, -U.EINVAL, 1, -U.EINVAL]);
});

it('the label of a connection is in its packets, and told to who asks', () => {
  const { ta, va, lab } = { ta: t.lab.ta, va: t.lab.va, lab: t.lab };
  const frames = lab.capture(va);
  const fd = socket();
  manage(fd, { dst: '2001:db8::2', label: 0x12345, linger: 20, expires: 30 });
  ta.setsockopt(fd, U.SOL_IPV6, U.IPV6_FLOWINFO_SEND, 1);
  expect(ta.connect(fd, sin6('2001:db8::2', 9, 0, 0x12345))).toBe(0);
  ta.sendto(fd, bytes('x'));
  const sent = frames.find((frame) => frame[20] === U.IPPROTO_UDP) as Uint8Array;
  expect([...sent.subarray(14, 18)]).toEqual([0x60, 0x01, 0x23, 0x45]);
  const peer = new SockaddrIn6();
  ta.getpeername(fd, peer);
  expect(peer.flowinfo).toBe(0x12345);
  const out = req({});
  expect(ta.getsockopt(fd, U.SOL_IPV6, U.IPV6_FLOWLABEL_MGR, out)).toBe(32);
  expect([...out.subarray(16, 28)]).toEqual([0, 0x01, 0x23, 0x45, 0, U.IPV6_FL_S_ANY, 0, 0, 30, 0, 20, 0]);
});

it('a label that the stack chose is told, and lingers when its socket has gone', () => {
  const { ta, clock } = t.lab;
  const fd = socket();
  const asked = req({});
  expect(ta.setsockopt(fd, U.SOL_IPV6, U.IPV6_FLOWLABEL_MGR, asked)).toBe(0);
  expect((asked[17] << 16) | (asked[18] << 8) | asked[19]).toBeGreaterThan(0);
  ta.close(fd);
  const lines = (): number => t.lab.proc(t.lab.a, 'ip6_flowlabel').split('\n').length - 2;
  clock.advance(5e9);
  expect(lines()).toBe(1);
  clock.advance(2e9);
  expect(lines()).toBe(0);
});

it('a label that lingers is there for who creates it again, by the rules that it had, and keeps its headers', () => {
  const { ta } = t.lab;
  const [f, g] = [socket(), socket()];
  const options = Uint8Array.of(24, 0, 0, 0, 0, 0, 0, 0, U.SOL_IPV6, 0, 0, 0, U.IPV6_HOPOPTS, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0);
  const asked = Uint8Array.from([...req({ label: 0x5fe, share: U.IPV6_FL_S_EXCL }), ...options]);
  expect(ta.setsockopt(f, U.SOL_IPV6, U.IPV6_FLOWLABEL_MGR, asked)).toBe(0);
  manage(f, { label: 0x6fe });
  manage(f, { label: 0x7fd });
  ta.close(f);
  const lines = t.lab.proc(t.lab.a, 'ip6_flowlabel').trimEnd().split('\n').slice(1).map((line) => line.replace(/ +/g, ' ').split(' '));
  // By the lowest eight bits, the newest first.
  expect(lines.map(([label, share, , users, , , , opt]) => [label, share, users, opt])).toEqual([
    ['007FD', '255', '0', '0'],
    ['006FE', '255', '0', '0'],
    ['005FE', '1', '0', '8'],
  ]);
  expect([manage(g, { label: 0x6fe, flags: 0 }), manage(g, { label: 0x6fe, action: U.IPV6_FL_A_RENEW, share: U.IPV6_FL_S_NONE })]).toEqual([-U.ENOENT, -U.ESRCH]);
  expect([manage(g, { label: 0x5fe }), manage(g, { label: 0x6fe, flags: EXCL }), manage(g, { label: 0x6fe }), manage(g, { label: 0x6fe, flags: 0 })]).toEqual([-U.EPERM, -U.EEXIST, 0, 0]);
});
