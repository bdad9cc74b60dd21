import { setupNet, NETEVENT_NEIGH_UPDATE } from '@skbuff/core';
import { NdMsg, nlmsgAll, type NlReply } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { EAFNOSUPPORT, EEXIST, EINVAL, ENOBUFS, ENODEV, ENOENT, EPERM } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { NEIGHBOUR, type NeteventData, neighAppNs, neighUpdate } from '../src/index.ts';
import { Bench, describe as text, dst, mac, readNeigh, stateName, useBench } from './support.ts';

const holder = useBench();

const A = '10.0.0.9';
const CREATE = U.NLM_F_CREATE;

/** What a request says of an entry. */
interface Words {
  addr?: string | number | null;
  lladdr?: Uint8Array | number;
  state?: number;
  flags?: number;
  ext?: number;
  protocol?: number;
  ifindex?: number;
  family?: number;
}

function send(b: Bench, type: number, nlFlags: number, words: Words): NlReply {
  const { addr = A, lladdr, ext, protocol } = words;
  const family = words.family ?? (typeof addr === 'number' ? U.AF_INET6 : U.AF_INET);
  const ndm = NdMsg.of({ family, ifindex: words.ifindex ?? b.dev.ifindex, state: words.state ?? 0, flags: words.flags ?? 0 });
  return b.request(type, nlFlags, ndm, (m) => {
    if (addr !== null) m.nlaPut(U.NDA_DST, dst(addr));
    if (lladdr !== undefined) m.nlaPut(U.NDA_LLADDR, typeof lladdr === 'number' ? mac(lladdr) : lladdr);
    if (protocol !== undefined) m.nlaPutU8(U.NDA_PROTOCOL, protocol);
    if (ext !== undefined) m.nlaPutU32(U.NDA_FLAGS_EXT, ext);
  });
}

/** 0 or the errno, then the explanation. */
const outcome = ({ error, extack }: NlReply): string => (error === 0 ? 'done' : `${error} ${extack}`.trim());

const add = (b: Bench, words: Words, flags: number = CREATE): string => outcome(send(b, U.RTM_NEWNEIGH, flags, words));
const del = (b: Bench, words: Words = {}): string => outcome(send(b, U.RTM_DELNEIGH, 0, words));

/** All messages of a dump, as text. */
function dump(b: Bench, words: { family?: number; flags?: number; attrs?: [number, number][] } = {}): string[] {
  const ndm = NdMsg.of({ family: words.family ?? 0, flags: words.flags ?? 0 });
  return b.talk(U.RTM_GETNEIGH, U.NLM_F_DUMP, ndm, words.attrs ?? []).msgs.map(text).sort();
}

describe('RTM_NEWNEIGH', () => {
  it.each([
    [U.NUD_PERMANENT, 'PERMANENT'],
    [U.NUD_NOARP, 'NOARP'],
    [U.NUD_REACHABLE, 'REACHABLE'],
    [U.NUD_STALE, 'STALE'],
    [U.NUD_DELAY, 'DELAY'],
    [U.NUD_PROBE, 'PROBE'],
  ])('makes an entry with the state it says: %i is %s [NEIGH-27]', (state, name) => {
    const { b } = holder;
    b.listen();
    expect(add(b, { lladdr: 9, state })).toBe('done');
    expect([b.state(A), b.events()[0]]).toEqual([name, `NEW ${A} ${name} 09`]);
  });

  it('says EEXIST with NLM_F_EXCL, ENOENT without NLM_F_CREATE [NEIGH-27]', () => {
    const { b } = holder;
    expect(add(b, { lladdr: 9, state: U.NUD_PERMANENT }, U.NLM_F_REPLACE)).toBe(`${-ENOENT}`);
    expect(add(b, { lladdr: 9, state: U.NUD_PERMANENT }, CREATE | U.NLM_F_EXCL)).toBe('done');
    expect(add(b, { lladdr: 9, state: U.NUD_PERMANENT }, CREATE | U.NLM_F_EXCL)).toBe(`${-EEXIST}`);
  });

  it('changes address and router flag of an entry that has one only with NLM_F_REPLACE [NEIGH-27]', () => {
    const { b } = holder;
    add(b, { lladdr: 9, state: U.NUD_PERMANENT });
    b.listen();
    expect(add(b, { lladdr: 10, state: U.NUD_STALE, flags: U.NTF_ROUTER }, CREATE)).toBe('done');
    expect([dump(b), b.events()]).toEqual([[`NEW ${A} PERMANENT 09`], []]);
    expect(add(b, { lladdr: 10, state: U.NUD_STALE, flags: U.NTF_ROUTER, protocol: 4 }, U.NLM_F_REPLACE)).toBe('done');
    expect(b.events()).toEqual([`NEW ${A} STALE 0a flags 80 proto 4`]);
    // Nothing new: nobody is told.
    expect(add(b, { lladdr: 10, state: U.NUD_STALE, flags: U.NTF_ROUTER }, U.NLM_F_REPLACE)).toBe('done');
    expect(b.events()).toEqual([]);
  });

  it.each<[string, Words, string]>([
    ['no address', { addr: null }, `${-EINVAL} Network address not specified`],
    ['an unknown device', { ifindex: 99 }, `${-ENODEV}`],
    ['a link-layer address that is too short', { lladdr: Uint8Array.of(2, 0) }, `${-EINVAL} Invalid link address`],
    ['an unknown family', { family: 99 }, `${-EAFNOSUPPORT}`],
    ['an address that is too short', { family: U.AF_INET6 }, `${-EINVAL} Invalid network address`],
    ['no device', { ifindex: 0 }, `${-EINVAL} Device not specified`],
    ['no link-layer address', { state: U.NUD_PERMANENT }, `${-EINVAL} No link layer address given`],
    ['a fixed entry that is to be looked after', { state: U.NUD_PERMANENT, ext: U.NTF_EXT_MANAGED }, `${-EINVAL} Invalid NTF_* flag for permanent entry`],
    ['a proxied address that is to be looked after', { flags: U.NTF_PROXY, ext: U.NTF_EXT_MANAGED }, `${-EINVAL} Invalid NTF_* flag combination`],
    ['a proxied address that is validated outside', { flags: U.NTF_PROXY, ext: U.NTF_EXT_EXT_VALIDATED }, `${-EINVAL} Invalid NTF_* flag combination`],
    ['an unknown extended flag', { lladdr: 9, state: U.NUD_STALE, ext: 2 }, `${-EINVAL} reserved bit set`],
  ])('refuses %s [NEIGH-27]', (_what, words, expected) => {
    const { b } = holder;
    expect(add(b, words)).toBe(expected);
  });

  it('leaves the entry that it made behind when it then has no address for it [NEIGH-27]', () => {
    const { b } = holder;
    add(b, { state: U.NUD_PERMANENT });
    expect(dump(b)).toEqual([`NEW ${A} NONE`]);
  });

  it('makes fixed entries in a full table, too [NEIGH-08] [NEIGH-27] [NEIGH-31]', () => {
    const { b } = holder;
    Object.assign(b.tbl, { gcThresh2: 1, gcThresh3: 1 });
    b.entry('10.0.0.1');
    expect(add(b, { lladdr: 9, state: U.NUD_STALE })).toBe(`${-ENOBUFS}`);
    expect(add(b, { lladdr: 9, state: U.NUD_PERMANENT })).toBe('done');
    expect(add(b, { addr: '10.0.0.2', lladdr: 2, state: U.NUD_STALE, flags: U.NTF_EXT_LEARNED })).toBe('done');
    expect([b.tbl.entries, b.tbl.gcEntries]).toEqual([3, 1]);
  });

  it('is refused where the protocol does not want entries on the device [NEIGH-27]', () => {
    const b = new Bench({
      table: {
        allowAdd: (_dev, extack) => {
          extack.message = 'IPv6 is disabled on this device';
          return false;
        },
      },
    });
    expect(add(b, { lladdr: 9, state: U.NUD_STALE })).toBe(`${-EINVAL} IPv6 is disabled on this device`);
    expect(b.shutdown()).toEqual({});
  });

  it('cannot change an entry that is gone: EPERM [NEIGH-25]', () => {
    const { b } = holder;
    const neigh = b.entry(A).hold();
    b.tbl.ifdown(b.dev);
    expect(neighUpdate(neigh, mac(9), 0, U.NUD_STALE, 0)).toBe(-EPERM);
    neigh.release();
  });

  it('has an entry looked for with NTF_USE, a fixed one too [NEIGH-27]', () => {
    const { b } = holder;
    add(b, { flags: U.NTF_USE });
    expect([b.state(A), b.asked.length]).toEqual(['INCOMPLETE', 1]);
    add(b, { addr: '10.0.0.8', lladdr: 8, state: U.NUD_PERMANENT });
    add(b, { addr: '10.0.0.8', state: U.NUD_PERMANENT, flags: U.NTF_USE }, U.NLM_F_REPLACE);
    expect([b.state('10.0.0.8'), b.tbl.gcEntries]).toEqual(['INCOMPLETE', 2]);
    // A stale one is checked.
    add(b, { addr: '10.0.0.7', lladdr: 7, state: U.NUD_STALE });
    add(b, { addr: '10.0.0.7', state: U.NUD_STALE, flags: U.NTF_USE }, U.NLM_F_REPLACE);
    expect(b.state('10.0.0.7')).toBe('DELAY');
  });

  it('marks entries as learned outside and as managed until it is said again without [NEIGH-27]', () => {
    const { b } = holder;
    b.listen();
    add(b, { lladdr: 9, state: U.NUD_STALE, flags: U.NTF_EXT_LEARNED });
    add(b, { lladdr: 9, state: U.NUD_STALE });
    expect(b.events()).toEqual([`NEW ${A} STALE 09 flags 10`, `NEW ${A} STALE 09`]);
    add(b, { addr: '10.0.0.8', ext: U.NTF_EXT_MANAGED });
    expect([b.state('10.0.0.8'), b.asked.length]).toEqual(['INCOMPLETE', 1]);
    b.ms(3000);
    expect(b.events()).toEqual(['NEW 10.0.0.8 FAILED ext 1 probes 6']);
    // The next look is 5 s after the table's first.
    b.ms(5002);
    expect(b.events()).toEqual(['NEW 10.0.0.8 FAILED ext 1 probes 6']);
    add(b, { addr: '10.0.0.8', lladdr: 8, state: U.NUD_PERMANENT });
    expect(b.events()).toEqual(['NEW 10.0.0.8 PERMANENT 08 probes 6']);
  });

  it('makes an entry that is validated outside: STALE rather than FAILED when nobody answers [NEIGH-27]', () => {
    const { b } = holder;
    const ext = U.NTF_EXT_EXT_VALIDATED;
    expect(add(b, { ext })).toBe(`${-EINVAL} Cannot create externally validated neighbor with an invalid state`);
    expect(add(b, { ext, lladdr: 9, state: U.NUD_STALE, flags: U.NTF_USE })).toBe(`${-EINVAL} Cannot create externally validated neighbor with an invalid state`);
    expect(add(b, { ext, lladdr: 9, state: U.NUD_STALE })).toBe('done');
    expect(add(b, { ext }, U.NLM_F_REPLACE)).toBe(`${-EINVAL} Cannot mark neighbor as externally validated with an invalid state`);
    b.listen();
    // It has a valid state already, which being used does not change.
    expect(add(b, { ext, flags: U.NTF_USE }, U.NLM_F_REPLACE)).toBe('done');
    b.ms(8000);
    expect(b.events()).toEqual([`NEW ${A} PROBE 09 ext 4 probes 1`, `NEW ${A} STALE 09 ext 4 probes 3`]);
    add(b, { addr: '10.0.0.8', lladdr: 8, state: U.NUD_PERMANENT });
    expect(add(b, { addr: '10.0.0.8', ext, flags: U.NTF_USE }, U.NLM_F_REPLACE)).toBe(`${-EINVAL} Cannot mark neighbor as externally validated with an invalid state`);
    expect(b.state('10.0.0.8')).toBe('PERMANENT');
  });

  it('with NTF_PROXY adds a proxied address, or changes the one that covers it [NEIGH-27] [NEIGH-32]', () => {
    const { b } = holder;
    expect(add(b, { flags: U.NTF_PROXY, protocol: 4 })).toBe('done');
    expect(add(b, { addr: 9, flags: U.NTF_PROXY | U.NTF_ROUTER, ifindex: 0 })).toBe('done');
    expect(dump(b, { flags: U.NTF_PROXY })).toEqual([`NEW ${A} NONE flags 8 proto 4`, 'NEW ::9 NONE flags 88']);
    expect(add(b, { addr: 9, flags: U.NTF_PROXY })).toBe('done');
    expect(dump(b, { flags: U.NTF_PROXY, family: U.AF_INET6 })).toEqual(['NEW ::9 NONE flags 8']);
    expect(dump(b)).toEqual([]);
  });
});

describe('RTM_DELNEIGH', () => {
  it('makes the entry fail, tells so, and takes it out; first the one who asked is named, then nobody [NEIGH-28]', () => {
    const { b } = holder;
    add(b, { lladdr: 9, state: U.NUD_PERMANENT });
    b.listen();
    const seen: [number, number][] = [];
    const monitor = b.open();
    monitor.setsockopt(U.NETLINK_ADD_MEMBERSHIP, U.RTNLGRP_NEIGH);
    expect(del(b)).toBe('done');
    for (let d = monitor.recvmsg(); typeof d !== 'number'; d = monitor.recvmsg()) for (const nlh of nlmsgAll(d.data)) seen.push([nlh.pid, nlh.seq]);
    expect(b.events()).toEqual([`NEW ${A} FAILED`, `DEL ${A} FAILED`]);
    expect(seen).toEqual([[b.portid, 0], [0, 0]]);
    expect([b.tbl.entries, del(b)]).toEqual([0, `${-ENOENT}`]);
  });

  it('tells of the end alone when there was no address [NEIGH-28]', () => {
    const { b } = holder;
    b.entry(A);
    b.listen();
    expect([del(b), b.events()]).toEqual(['done', [`DEL ${A} FAILED`]]);
  });

  it('gives up what waits; an entry that somebody holds stays as FAILED [NEIGH-28]', () => {
    const { b } = holder;
    b.send(A, 50);
    const neigh = b.entry(A).hold();
    b.listen();
    expect(del(b)).toBe('done');
    expect([b.reported, b.state(A), b.events()]).toEqual([[50], 'FAILED', [`NEW ${A} FAILED probes 4`]]);
    neigh.release();
  });

  it.each<[string, Words, string]>([
    ['no address', { addr: null }, `${-EINVAL} Network address not specified`],
    ['an unknown device', { ifindex: 99 }, `${-ENODEV}`],
    ['an unknown family', { family: 99 }, `${-EAFNOSUPPORT}`],
    ['an address that is too short', { family: U.AF_INET6 }, `${-EINVAL} Invalid network address`],
    ['no device', { ifindex: 0 }, `${-EINVAL}`],
    ['a proxied address that is not there', { flags: U.NTF_PROXY }, `${-ENOENT}`],
  ])('refuses %s [NEIGH-28]', (_what, words, expected) => {
    expect(del(holder.b, words)).toBe(expected);
  });

  it('does not care about the link-layer address in the request [NEIGH-28]', () => {
    const { b } = holder;
    add(b, { lladdr: 9, state: U.NUD_PERMANENT });
    expect(del(b, { lladdr: Uint8Array.of(2, 0) })).toBe('done');
  });

  it('with NTF_PROXY deletes a proxied address [NEIGH-28] [NEIGH-32]', () => {
    const { b } = holder;
    add(b, { flags: U.NTF_PROXY });
    add(b, { lladdr: 9, state: U.NUD_PERMANENT });
    expect(del(b, { flags: U.NTF_PROXY })).toBe('done');
    expect([dump(b, { flags: U.NTF_PROXY }), dump(b)]).toEqual([[], [`NEW ${A} PERMANENT 09`]]);
  });
});

describe('RTM_GETNEIGH', () => {
  it('tells of an entry its address, device, type, state, link-layer address, probes, holders, and the age of its stamps in hundredths of a second [NEIGH-01]', () => {
    const { b } = holder;
    b.ms(2000);
    neighUpdate(b.entry(A), mac(9), 0, U.NUD_REACHABLE, 0);
    b.ms(1500);
    b.send(A);
    b.ms(700);
    const [nlh] = send(b, U.RTM_GETNEIGH, 0, {}).msgs;
    const { ndm, tb, ci } = readNeigh(nlh as NonNullable<typeof nlh>);
    expect([ndm.family, ndm.ifindex, stateName(ndm.state), ndm.flags, ndm.type]).toEqual([U.AF_INET, b.dev.ifindex, 'REACHABLE', 0, U.RTN_UNICAST]);
    expect([tb.bytes(U.NDA_DST), tb.bytes(U.NDA_LLADDR), tb.u32(U.NDA_PROBES)]).toEqual([dst(A), mac(9), 0]);
    // Held by its timer and by the reader.
    expect([ci.confirmed, ci.used, ci.updated, ci.refcnt]).toEqual([220, 70, 220, 2]);
    expect(tb.has(U.NDA_PROTOCOL) || tb.has(U.NDA_FLAGS_EXT)).toBe(false);
  });

  it('lists both families, or one, or the proxied addresses; a link-layer address only where it means something [NEIGH-29]', () => {
    const { b } = holder;
    neighUpdate(b.entry(A), mac(9), 0, U.NUD_STALE, 0);
    neighUpdate(b.entry6(6), mac(6), 0, U.NUD_REACHABLE, 0);
    b.send('10.0.0.8');
    neighUpdate(b.entry('10.0.0.7'), mac(7), 0, U.NUD_STALE, 0);
    neighUpdate(b.entry('10.0.0.7'), null, 0, U.NUD_FAILED, 0);
    const four = ['NEW 10.0.0.7 FAILED', 'NEW 10.0.0.8 INCOMPLETE probes 4', 'NEW 10.0.0.9 STALE 09'];
    expect(dump(b)).toEqual([...four, 'NEW ::6 REACHABLE 06']);
    expect(dump(b, { family: U.AF_INET6 })).toEqual(['NEW ::6 REACHABLE 06']);
    expect(dump(b, { family: U.AF_INET })).toEqual(four);
    expect(dump(b, { family: 99 })).toEqual([]);
  });

  it('lists thousands of entries, each once, in as many parts as it takes [NEIGH-29]', () => {
    const { b } = holder;
    Object.assign(b.tbl, { gcThresh2: 9999, gcThresh3: 9999 });
    for (let i = 1; i <= 4000; i++) b.entry(`10.1.${i >> 8}.${i & 255}`);
    const lines = dump(b);
    expect([lines.length, new Set(lines).size]).toEqual([4000, 4000]);
  });

  it('lists the entries of its own namespace, of one device, or of the devices of one master; or of those without [NEIGH-29]', () => {
    const { b } = holder;
    const net = setupNet(b.kernel) as typeof b.net;
    b.entry('10.0.0.1', b.device({}, net));
    b.entry(A);
    const port = b.device();
    port.master = b.dev;
    b.entry('10.0.0.8', port);
    const all = [`NEW 10.0.0.8 NONE`, `NEW ${A} NONE`];
    expect(dump(b)).toEqual(all);
    expect(dump(b, { attrs: [[U.NDA_IFINDEX, port.ifindex]] })).toEqual(['NEW 10.0.0.8 NONE']);
    expect(dump(b, { attrs: [[U.NDA_MASTER, b.dev.ifindex]] })).toEqual(['NEW 10.0.0.8 NONE']);
    expect(dump(b, { attrs: [[U.NDA_MASTER, 0xffffffff]] })).toEqual([`NEW ${A} NONE`]);
    expect(dump(b, { attrs: [[U.NDA_MASTER, 0]] })).toEqual(all);
    const there = b.talk(U.RTM_GETNEIGH, U.NLM_F_DUMP, new NdMsg(), [], b.open(net)).msgs.map(text);
    expect(there).toEqual(['NEW 10.0.0.1 NONE']);
    const [nlh] = b.talk(U.RTM_GETNEIGH, U.NLM_F_DUMP, new NdMsg(), [[U.NDA_IFINDEX, port.ifindex]]).msgs;
    expect((nlh?.flags ?? 0) & U.NLM_F_DUMP_FILTERED).toBe(U.NLM_F_DUMP_FILTERED);
    port.master = null;
  });

  it.each<[string, Words, string]>([
    ['no device', { ifindex: 0 }, `${-EINVAL} No device specified`],
    ['no address', { addr: null }, `${-EINVAL}`],
    ['an unknown family', { family: 99 }, `${-EAFNOSUPPORT} Unsupported family in header for neighbor get request`],
    ['an address of another length', { family: U.AF_INET6 }, `${-EINVAL} Invalid network address in neighbor get request`],
    ['an unknown device', { ifindex: 99 }, `${-ENODEV} Unknown device ifindex`],
    ['an entry that is not there', {}, `${-ENOENT} Neighbour entry not found`],
    ['a proxied address that is not there', { flags: U.NTF_PROXY }, `${-ENOENT} Proxy neighbour entry not found`],
    ['a link-layer address', { lladdr: 9 }, `${-EINVAL} Unsupported attribute in neighbor get request`],
    ['another flag', { flags: U.NTF_USE }, `${-EINVAL} Invalid flags in header for neighbor get request`],
    ['a state', { state: U.NUD_STALE }, `${-EINVAL} Invalid values in header for neighbor get request`],
  ])('refuses %s [NEIGH-29]', (_what, words, expected) => {
    expect(outcome(send(holder.b, U.RTM_GETNEIGH, 0, words))).toBe(expected);
  });

  it('refuses padding that is not zero, and of a strict reader also what a dump cannot heed [NEIGH-29]', () => {
    const { b } = holder;
    const padded = (at: number): NdMsg => {
      const ndm = NdMsg.of({ family: U.AF_INET });
      return Object.assign(ndm, {
        write(buf: Uint8Array, o: number) {
          NdMsg.prototype.write.call(ndm, buf, o);
          buf[o + at] = 7;
        },
      });
    };
    for (const at of [1, 2, 3]) {
      expect(outcome(b.talk(U.RTM_GETNEIGH, 0, padded(at)))).toBe(`${-EINVAL} Invalid values in header for neighbor get request`);
    }
    const strict = b.open();
    strict.setsockopt(U.NETLINK_GET_STRICT_CHK, 1);
    for (const header of [padded(1), padded(2), padded(3), NdMsg.of({ ifindex: 1 })]) {
      expect(outcome(b.talk(U.RTM_GETNEIGH, U.NLM_F_DUMP, header, [], strict))).toBe(`${-EINVAL} Invalid values in header for neighbor dump request`);
    }
    expect(outcome(b.talk(U.RTM_GETNEIGH, U.NLM_F_DUMP, new NdMsg(), [[U.NDA_DST, dst(A)]], strict))).toBe(`${-EINVAL} Unsupported attribute in neighbor dump request`);
    expect(outcome(b.talk(U.RTM_GETNEIGH, U.NLM_F_DUMP, padded(2)))).toBe('done');
  });
});

describe('who is told', () => {
  it('the group hears of every change of state but REACHABLE to DELAY and STALE to DELAY, and of the end [NEIGH-14] [NEIGH-15]', () => {
    const { b } = holder;
    b.listen();
    b.send(A);
    expect(b.events()).toEqual([]);
    neighUpdate(b.entry(A), mac(9), 0, U.NUD_REACHABLE, 0);
    b.ms(b.entry(A).parms.reachableTime + 10);
    b.send(A);
    b.ms(8000);
    expect(b.events()).toEqual([
      `NEW ${A} REACHABLE 09 probes 4`,
      `NEW ${A} STALE 09 probes 4`,
      `NEW ${A} PROBE 09 probes 1`,
      `NEW ${A} FAILED probes 3`,
    ]);
    b.tbl.ifdown(b.dev);
    expect(b.events()).toEqual([`DEL ${A} FAILED probes 3`]);
  });

  it('a listener in another namespace hears nothing [NEIGH-29]', () => {
    const { b } = holder;
    b.listen();
    const net = setupNet(b.kernel) as typeof b.net;
    const dev = b.device({}, net);
    neighUpdate(b.entry(A, dev), mac(9), 0, U.NUD_STALE, 0);
    expect(b.events()).toEqual([]);
  });

  it('the chain of the kernel hears of every change [NEIGH-25]', () => {
    const { b } = holder;
    const { netevent } = b.kernel.services.get(NEIGHBOUR);
    const heard: number[] = [];
    const nb = {
      notifierCall(_nb: unknown, event: number, data: NeteventData) {
        if (event === NETEVENT_NEIGH_UPDATE && 'nudState' in data) heard.push(data.nudState);
        return 0;
      },
    };
    netevent.register(nb);
    neighUpdate(b.entry(A), mac(9), 0, U.NUD_REACHABLE, 0);
    neighUpdate(b.entry(A), mac(9), 0, U.NUD_REACHABLE, 0);
    b.tbl.ifdown(b.dev);
    netevent.unregister(nb);
    expect(heard).toEqual([U.NUD_REACHABLE, U.NUD_REACHABLE]);
  });

  it('a daemon in user space is asked for an address by RTM_GETNEIGH [NEIGH-19]', () => {
    const { b } = holder;
    b.listen();
    neighAppNs(b.entry(A));
    expect(b.events()).toEqual([`GET ${A} NONE`]);
  });
});
