/** net.ipv6.conf: what a running Linux 6.18 has there, takes and refuses, and what one setting does to the others. */
import { readFileSync } from 'node:fs';
import { devOpen, unregisterNetdevice } from '@skbuff/core';
import { nlaForEach, nlaGetS32, type NetlinkPort, nlmsgAll } from '@skbuff/netlink';
import { sysctlOf } from '@skbuff/sysctl';
import { NETLINK_ADD_MEMBERSHIP, RTNLGRP_IPV6_NETCONF } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { ipv6Net } from '@skbuff/ipv6';
import { useHost } from './support.ts';

const record = (name: string): unknown => JSON.parse(readFileSync(new URL(`./records/${name}.json`, import.meta.url), 'utf8'));
/** By directory and file: the text, in brackets if nobody may write; a number: the errno of reading. */
const defaults = record('conf-default') as Record<string, Record<string, string | number | [string]>>;
/** By directory and file: what was written, errno, the text afterwards; each from the default on. */
const writes = record('conf-writes') as Record<string, Record<string, [string, number, string | number][]>>;
/** File, what was written, errno, the values of all, default, lo, v0, v1 afterwards, messages: type, interface, [NETCONFA_*, value]. */
type Step = readonly [string, string, number, readonly string[], readonly (readonly [number, number, readonly (readonly [number, number])[]])[]];
const steps = record('conf-steps') as Step[];
const t = useHost();

const read = (path: string): string | number => sysctlOf(t.h.net).read(`net/ipv6/conf/${path}`);
const write = (path: string, text: string): number => sysctlOf(t.h.net).write(`net/ipv6/conf/${path}`, text);

/** Indexes as in the kernel's namespace: lo 1, v1 2, v0 3. */
function devices(): void {
  for (const name of ['v1', 'v0']) t.h.eth(name);
}

it('has the files of the kernel with their values', () => {
  devices();
  const ours: typeof defaults = {};
  for (const [dir, files] of Object.entries(defaults)) {
    ours[dir] = {};
    const names = sysctlOf(t.h.net).list(`net/ipv6/conf/${dir}`).map((path) => path.slice(`net/ipv6/conf/${dir}/`.length));
    expect(names.sort()).toEqual(Object.keys(files).sort());
    for (const name of names) {
      const text = read(`${dir}/${name}`);
      const readOnly = name === 'mc_forwarding' && write(`${dir}/${name}`, '1') === -13;
      (ours[dir] as Record<string, unknown>)[name] = readOnly ? [text] : text;
    }
  }
  expect(ours).toEqual(defaults);
});

/** HZ of the recording kernel is 250, so that it rounds intervals of MLD. */
function rounded(name: string, text: string | number): string | number {
  return name.startsWith('mldv') && typeof text === 'string' ? `${Math.ceil(Number(text) / 4) * 4}\n` : text;
}

it.each(Object.entries(writes))('takes and refuses what the kernel does, %s', (dir, files) => {
  devices();
  for (const [name, rows] of Object.entries(files)) {
    const before = read(`${dir}/${name}`);
    const ours = rows.map(([text]): [string, number, string | number] => {
      const err = write(`${dir}/${name}`, text);
      const after = rounded(name, read(`${dir}/${name}`));
      if (err === 0) write(`${dir}/${name}`, String(before));
      return [text, err, after];
    });
    expect([name, ours]).toEqual([name, rows]);
  }
});

function told(monitor: NetlinkPort): Step[4] {
  const messages: [number, number, [number, number][]][] = [];
  for (let dgram = monitor.recvmsg(); typeof dgram !== 'number'; dgram = monitor.recvmsg()) {
    for (const nlh of nlmsgAll(dgram.data)) {
      const attrs: [number, number][] = [];
      nlaForEach(nlh.buf, nlh.attrData(1), nlh.attrLen(1), (attr, type) => (attrs.push([type, nlaGetS32(nlh.buf, attr)]), 0));
      const [[, ifindex], ...rest] = attrs as [[number, number], ...[number, number][]];
      messages.push([nlh.type, ifindex, rest]);
    }
  }
  return messages;
}

function monitorNetconf(): NetlinkPort {
  const monitor = t.h.port();
  monitor.bind(0, 0);
  monitor.setsockopt(NETLINK_ADD_MEMBERSHIP, RTNLGRP_IPV6_NETCONF);
  return monitor;
}

it('settings change each other, and are announced, as in the kernel', () => {
  devices();
  const monitor = monitorNetconf();
  for (const [path, text, err, values, messages] of steps) {
    const file = path.startsWith('?') ? path.slice(1) : (path.split('/')[1] as string);
    const answer = path.startsWith('?') ? 0 : write(path, text);
    const now = ['all', 'default', 'lo', 'v0', 'v1'].map((dir) => String(read(`${dir}/${file}`)).trim());
    expect([path, text, answer, now, told(monitor)]).toEqual([path, text, err, values, messages]);
  }
  monitor.close();
});

it('a new interface begins with the defaults and is announced; it goes with its files', () => {
  const { h } = t;
  const monitor = monitorNetconf();
  for (const [file, value] of [['forwarding', '1'], ['hop_limit', '33'], ['stable_secret', '2001:db8::9'], ['disable_ipv6', '1']] as const) expect(write(`default/${file}`, value)).toBe(0);
  told(monitor);
  const dev = h.eth('x0');
  expect(['forwarding', 'hop_limit', 'disable_ipv6', 'addr_gen_mode', 'stable_secret'].map((file) => read(`x0/${file}`))).toEqual([
    '1\n',
    '33\n',
    '1\n',
    '2\n',
    '2001:0db8:0000:0000:0000:0000:0000:0009\n',
  ]);
  expect(told(monitor)).toEqual([[80, dev.ifindex, [[2, 1], [4, 0], [5, 0], [6, 0]]]]);
  const { ifindex } = dev;
  unregisterNetdevice(dev);
  expect([told(monitor), read('x0/forwarding')]).toEqual([[[81, ifindex, []]], -2]);
  monitor.close();
});

it('forwarding makes a router of an interface: groups, anycast addresses with theirs, no default routers [IP6A-13] [IP6A-14]', () => {
  const { h } = t;
  h.quiet = ['mld'];
  const dev = h.eth('v0');
  h.up(dev);
  h.add(dev, '2001:db8::1/64', { ifaFlags: 2 });
  h.run(5);
  h.lines();
  expect(write('all/forwarding', '1')).toBe(0);
  // The order of the kernel's messages.
  expect(h.lines()).toEqual([
    'group +v0 ff02::2',
    'group +v0 ff01::2',
    'group +v0 ff05::2',
    '+ anycast 2001:db8::/128 v0 table 255 metric 0',
    'group +v0 ff02::1:ff00:0',
    '+ anycast fe80::/128 v0 table 255 metric 0',
    'group +v0 ff02::1:ff00:0',
    'purge default routers',
  ]);
  expect(ipv6Net.of(h.net).devconfDflt.forwarding).toBe(1);
  expect(write('v0/forwarding', '0')).toBe(0);
  expect(h.lines()).toEqual([
    'group -v0 ff02::2',
    'group -v0 ff01::2',
    'group -v0 ff05::2',
    'group -v0 ff02::1:ff00:0',
    '- anycast 2001:db8::/128 v0 table 255 metric 0',
    'group -v0 ff02::1:ff00:0',
    '- anycast fe80::/128 v0 table 255 metric 0',
  ]);
});

it('disable_ipv6 takes addresses away and brings those back that an interface makes itself', () => {
  const { h } = t;
  const dev = h.eth('v0');
  devOpen(dev);
  h.add(dev, '2001:db8::1/64', { ifaFlags: 2 });
  h.run(3);
  expect(h.addrs(dev)).toEqual(['2001:db8::1/64 nodad', 'fe80::ff:fe00:30/64']);
  expect([write('v0/disable_ipv6', '1'), h.addrs(dev), write('v0/disable_ipv6', '0')]).toEqual([0, [], 0]);
  h.run(3);
  expect(h.addrs(dev)).toEqual(['fe80::ff:fe00:30/64']);
  expect([write('v0/addr_gen_mode', '3'), read('v0/stable_secret') === -5]).toEqual([0, false]);
});
