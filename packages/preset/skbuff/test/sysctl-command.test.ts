import { EACCES, ENOENT, ENOSPC } from '@skbuff/uapi';
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

it('knows no key without a name', async () => {
  expect(await h.run(['sysctl', ''])).toEqual({ stdout: '', stderr: 'sysctl: "" is an unknown key\n', code: 255 });
  expect(await h.run(['sysctl', '-w', ''])).toEqual({ stdout: '', stderr: '', code: 1 });
});

it('names a device with a dot in it by slashes', async () => {
  h.ip`link add eth0.5 type dummy`;
  const line = 'net.ipv4.conf.eth0/5.forwarding = 0\n';
  expect((await h.run('sysctl net/ipv4/conf/eth0.5/forwarding')).stdout).toBe(line);
  expect((await h.run('sysctl net.ipv4.conf.eth0/5.forwarding')).stdout).toBe(line);
});

it('applies the files of all directories, one of each name, in the order of their names', async () => {
  const texts: Readonly<Record<string, string>> = {
    '/etc/sysctl.d/20-b.conf': 'net.ipv4.ip_default_ttl = 50\n',
    '/lib/sysctl.d/20-b.conf': 'net.ipv4.ip_default_ttl = 51\n',
    '/lib/sysctl.d/10-a.conf': 'net.ipv4.ip_forward = 1\n',
    '/lib/sysctl.d/README': 'x\n',
    '/etc/sysctl.conf': 'net.ipv4.ip_default_ttl = 52\n',
  };
  const list = (dir: string): readonly string[] | number => {
    const names = Object.keys(texts).filter((path) => path.startsWith(`${dir}/`)).map((path) => path.slice(dir.length + 1));
    return names.length > 0 ? names : -ENOENT;
  };
  const files = { readText: (path: string) => texts[path] ?? -ENOENT, readBytes: () => -ENOENT, create: () => -EACCES, list };
  const { stdout, stderr, code } = await h.start('sysctl --system', { stdout() {}, stderr() {}, files }).done;
  expect([stderr, code]).toEqual(['', 0]);
  expect(stdout).toBe(
    '* Applying /lib/sysctl.d/10-a.conf ...\n* Applying /etc/sysctl.d/20-b.conf ...\n* Applying /etc/sysctl.conf ...\n' +
      'net.ipv4.ip_forward = 1\nnet.ipv4.ip_default_ttl = 50\nnet.ipv4.ip_default_ttl = 52\n',
  );
});

it.each([
  ['sysctl net.ipv4.ip_forward', 'sysctl: write error: No space left on device\n', 1],
  ['ping -c 1 127.0.0.1', 'ping: write error\n', 1],
  ['arping -V', 'arping: write error\n', 1],
  ['tracepath -V', 'tracepath: write error\n', 1],
  ['uname', 'uname: write error: No space left on device\n', 1],
  ['unshare --version', 'unshare: write error: No space left on device\n', 1],
  ['nsenter --help', 'nsenter: write error: No space left on device\n', 1],
  ['unshare uname', 'uname: write error: No space left on device\n', 1],
  ['sysctl -q net.ipv4.ip_forward=1', '', 0],
  ['hostname', '', 0],
  ['ip link', '', 0],
])('%s into a full device', async (line, stderr, code) => {
  expect(await h.start(line, { stdout: () => -ENOSPC, stderr() {} }).done).toEqual({ stdout: '', stderr, code });
});
