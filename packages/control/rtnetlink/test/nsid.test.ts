import { peernet2idAlloc, allocNetid } from '@skbuff/core';
import type { Net } from '@skbuff/core';
import * as N from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, makeBench } from './support.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => {
  expect(bench.kernel.shutdown()).toEqual({});
});

/** Descriptors of the bench. */
const A = 100;
const B = 101;

type Attrs = Partial<Record<'nsid' | 'pid' | 'fd' | 'target' | 'current', number>>;
const TYPES = { nsid: U.NETNSA_NSID, pid: U.NETNSA_PID, fd: U.NETNSA_FD, target: U.NETNSA_TARGET_NSID, current: U.NETNSA_CURRENT_NSID } as const;

function request(type: number, flags: number, attrs: Attrs): Uint8Array {
  const b = new N.NlMsgBuilder();
  const nlh = b.nlmsgPut(type, U.NLM_F_REQUEST | flags, 1, 0, new N.RtGenMsg());
  for (const [name, value] of Object.entries(attrs)) b.nlaPutS32(TYPES[name as keyof typeof TYPES], value);
  b.nlmsgEnd(nlh);
  return b.bytes().slice();
}

function read(nlh: N.NlMsgHdr): string {
  const value = (attr: number): string => {
    const at = N.nlaFind(nlh.buf, nlh.data + 4, nlh.dataLen - 4, attr);
    return at < 0 ? '' : String(N.nlaGetS32(nlh.buf, at));
  };
  const current = value(U.NETNSA_CURRENT_NSID);
  return `${nlh.type === U.RTM_NEWNSID ? 'new' : 'del'} ${value(U.NETNSA_NSID)}${current === '' ? '' : ` current ${current}`}`;
}

/** What a namespace is answered: the messages, or the errno and its text. */
function ask(net: Net, type: number, attrs: Attrs, flags: number = U.NLM_F_ACK, strict = true): unknown {
  const port = bench.port(net);
  port.setsockopt(U.NETLINK_GET_STRICT_CHK, Number(strict));
  const reply = N.nlTalk(port, request(type, flags, attrs));
  port.close();
  return reply.error < 0 ? [reply.error, reply.extack] : reply.msgs.map(read);
}

const set = (net: Net, attrs: Attrs): unknown => ask(net, U.RTM_NEWNSID, attrs);
const get = (net: Net, attrs: Attrs): unknown => ask(net, U.RTM_GETNSID, attrs);
const list = (net: Net, attrs: Attrs = {}): unknown => ask(net, U.RTM_GETNSID, attrs, U.NLM_F_DUMP);

describe('numbers of namespaces', () => {
  it('are given as wished, or the lowest free, once, each to one', () => {
    const { a, b } = bench;
    expect(set(a, { fd: B, nsid: 5 })).toEqual([]);
    expect(set(a, { fd: B, nsid: 6 })).toEqual([-U.EEXIST, 'Peer netns already has a nsid assigned']);
    expect(set(a, { pid: 1, nsid: 5 })).toEqual([-U.EEXIST, 'The specified nsid is already used']);
    expect(set(a, { pid: 1, nsid: -1 })).toEqual([]);
    expect(set(a, { fd: A, nsid: 77 })).toEqual([]);
    expect([list(a), list(b)]).toEqual([['new 0', 'new 5', 'new 77'], []]);
  });

  it.each([
    ['no number', { fd: B }, -U.EINVAL, 'nsid is missing'],
    ['nobody', { nsid: 3 }, -U.EINVAL, 'Peer netns reference is missing'],
    ['a bad descriptor', { fd: 9, nsid: 3 }, -U.EBADF, 'Peer netns reference is invalid'],
    ['no such process', { pid: 4242, nsid: 3 }, -U.ESRCH, 'Peer netns reference is invalid'],
  ])('are refused for %s', (_what, attrs, err, text) => {
    expect(set(bench.a, attrs)).toEqual([err, text]);
  });

  it('are looked up by descriptor, process or number, here and elsewhere', () => {
    const { a, b } = bench;
    expect(get(a, { fd: B })).toEqual(['new -1']);
    set(a, { fd: B, nsid: 5 });
    set(a, { pid: 1, nsid: 0 });
    set(b, { pid: 1, nsid: 3 });
    expect([get(a, { fd: B }), get(a, { pid: 1 }), get(a, { nsid: 5 })]).toEqual([['new 5'], ['new 0'], ['new 5']]);
    expect([get(a, { target: 5, nsid: 5 }), get(a, { target: 5, nsid: 0 }), list(a, { target: 5 })]).toEqual([['new -1 current 5'], ['new 3 current 0'], ['new 3 current 0']]);
    expect(get(a, { nsid: 7 })).toEqual([-U.ENOENT, 'Peer netns reference is invalid']);
    expect(get(a, {})).toEqual([-U.EINVAL, 'Peer netns reference is missing']);
    expect(get(a, { target: 9, nsid: 0 })).toEqual([-U.EINVAL, 'Target netns reference is invalid']);
    expect(get(a, { nsid: 5, current: 1 })).toEqual([-U.EINVAL, 'Unsupported attribute in peer netns getid request']);
    expect(list(a, { target: 9 })).toEqual([-U.EINVAL, 'Invalid target network namespace id']);
    expect(list(a, { nsid: 5 })).toEqual([-U.EINVAL, 'Unsupported attribute in dump request']);
    expect(ask(a, U.RTM_GETNSID, { nsid: 7 }, U.NLM_F_DUMP, false)).toEqual(['new 0', 'new 5']);
  });

  it('are not taken back on request', () => {
    expect(ask(bench.a, U.RTM_DELNSID, { fd: B, nsid: 0 })).toEqual([-U.EOPNOTSUPP, '']);
  });

  it('are told of when they are given, and when the namespace dies', () => {
    const { a, kernel } = bench;
    const ear = bench.port(a);
    ear.setsockopt(U.NETLINK_ADD_MEMBERSHIP, U.RTNLGRP_NSID);
    const heard = (): string[] => {
      const out: string[] = [];
      for (let d = ear.recvmsg(); typeof d !== 'number'; d = ear.recvmsg()) out.push(...N.nlmsgAll(d.data).map(read));
      return out;
    };
    set(a, { fd: B, nsid: 5 });
    expect(heard()).toEqual(['new 5']);
    peernet2idAlloc(a, kernel.initNet);
    expect(heard()).toEqual(['new 0']);
    bench.b.put();
    expect(heard()).toEqual([]);
    expect(get(a, { nsid: 5 })).toEqual([-U.ENOENT, 'Peer netns reference is invalid']);
    bench.clock.advance(0);
    expect([heard(), list(a)]).toEqual([['del 5'], ['new 0']]);
    ear.close();
  });

  it('are many, told in parts', () => {
    const { a } = bench;
    for (let id = 0; id < 400; id++) allocNetid(a, bench.b, id);
    expect((list(a) as string[]).at(-1)).toBe('new 399');
    expect((list(a) as string[]).length).toBe(400);
  });
});
