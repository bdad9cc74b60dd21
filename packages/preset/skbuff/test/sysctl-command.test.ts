import { createNet, type Host, type HostNet } from '../src/index.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';

let net: HostNet;
let h: Host;

beforeEach(() => {
  net = createNet({ debug: true });
  h = net.host('h');
});

afterEach(() => {
  expect(net.close()).toEqual({});
});

it.each([
  ['net.ipv4.ip_forward', 'net.ipv4.ip_forward = 0\n', '', 0],
  ['net/ipv4/ip_forward', 'net.ipv4.ip_forward = 0\n', '', 0],
  ['-n net.ipv4.ip_forward', '0\n', '', 0],
  ['-N net.ipv4.ip_forward', 'net.ipv4.ip_forward\n', '', 0],
  ['-b net.ipv4.ip_forward', '0', '', 0],
  ['-w net.ipv4.ip_forward=1', 'net.ipv4.ip_forward = 1\n', '', 0],
  ['-n -w net.ipv4.ip_forward=1', '1\n', '', 0],
  ['-q net.ipv4.ip_forward=1', '', '', 0],
  ['-a -r ip_forward$', 'net.ipv4.ip_forward = 0\n', '', 0],
  ['-a -r (', '', '', 0],
  ['net.ipv4.foo', '', 'sysctl: cannot stat /proc/sys/net/ipv4/foo: No such file or directory\n', 1],
  ['-e net.ipv4.foo', '', '', 0],
  ['net.ipv4.ip_forward=x', '', 'sysctl: setting key "net.ipv4.ip_forward": Invalid argument\n', 1],
  ['net.ipv4=1', '', 'sysctl: setting key "net.ipv4": Invalid argument\n', 0],
  ['-w net.ipv4.ip_forward', '', 'sysctl: command line(0): invalid syntax, continuing...\n', 1],
  ['=1', '', 'sysctl: Path is not under /proc/sys/: /proc/sys/\n', 1],
  ['net.ipv4..ip_forward', 'net.ipv4..ip_forward = 0\n', 'sysctl: separators should not be repeated: ..ip_forward\n', 0],
  ['-w', '', "sysctl: no variables specified\nTry `sysctl --help' for more information.\n", 1],
  ['-V', 'sysctl from procps-ng 4.0.2\n', '', 0],
])('sysctl %s', async (args, stdout, stderr, code) => {
  expect(await h.run(`sysctl ${args}`)).toEqual({ stdout, stderr, code });
});

it('writes what others read', async () => {
  await h.run('sysctl -w net.ipv4.ip_forward=1');
  expect(h.sysctl('net.ipv4.ip_forward')).toBe('1');
});

it('names a device with a dot in it by slashes', async () => {
  h.ip`link add eth0.5 type dummy`;
  const line = 'net.ipv4.conf.eth0/5.forwarding = 0\n';
  expect((await h.run('sysctl net/ipv4/conf/eth0.5/forwarding')).stdout).toBe(line);
  expect((await h.run('sysctl net.ipv4.conf.eth0/5.forwarding')).stdout).toBe(line);
});
