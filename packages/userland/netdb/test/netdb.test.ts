import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Files,
  NO_FILES,
  gethostbyaddr,
  gethostbyname,
  gethostent,
  getnetbyaddr,
  getnetbyname,
  getprotobyname,
  getprotobynumber,
  getprotoent,
  getservbyname,
  getservbyport,
  getservent,
} from '../src/index.ts';

const HERE: Files = { readFile: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : -2) };

function machine(files: Readonly<Record<string, string>>): Files {
  return { readFile: (path) => files[path] ?? -2 };
}

const HOSTS = machine({ '/etc/hosts': '127.0.0.1\tlocalhost\n::1 localhost ip6-localhost\n# 10.0.0.9 gone\n10.0.0.1 h1.lab h1 # h2\n10.0.0.1 other\nfe80::1 six\n\n10.0.0.3\n' });

describe('hosts', () => {
  it.each([
    ['h1', 0x0a000001],
    ['h1.lab', 0x0a000001],
    ['other', 0x0a000001],
    ['localhost', 0x7f000001],
    ['10.2', 0x0a000002],
    ['six', -1],
    ['h2', -1],
    ['gone', -1],
    ['H1', -1],
  ])('%s is %i', (name, addr) => {
    expect(gethostbyname(HOSTS, name)).toBe(addr);
  });

  it('have the first name of the first line with their address', () => {
    expect(['10.0.0.1', '::1', 'fe80::1', '10.0.0.9', '10.0.0.3'].map((addr) => gethostbyaddr(HOSTS, addr))).toEqual(['h1.lab', 'localhost', 'six', null, null]);
  });

  it('are unknown without a file', () => {
    expect(gethostent(NO_FILES)).toEqual([]);
    expect(gethostbyname(NO_FILES, 'localhost')).toBe(-1);
    expect(gethostbyname(NO_FILES, '127.1')).toBe(0x7f000001);
  });
});

describe('networks', () => {
  it('are those of the file, or of netbase', () => {
    const files = machine({ '/etc/networks': 'office 10.1.0.0 desk\n' });
    expect([getnetbyname(files, 'desk'), getnetbyname(files, 'loopback'), getnetbyname(NO_FILES, 'loopback')]).toEqual([0x0a010000, -1, 0x7f000000]);
    expect([getnetbyaddr(files, 0x0a010000), getnetbyaddr(NO_FILES, 0xa9fe0000), getnetbyaddr(NO_FILES, 0x0a010000)]).toEqual(['office', 'link-local', null]);
  });
});

describe('services and protocols', () => {
  it('have aliases, and of several names the first is shown', () => {
    expect(getservbyname(NO_FILES, 'www', 'tcp')?.port).toBe(80);
    expect(getservbyname(NO_FILES, 'www', 'udp')).toBe(null);
    expect([getservbyport(NO_FILES, 513, 'tcp'), getservbyport(NO_FILES, 513, 'udp'), getservbyport(NO_FILES, 513, 'sctp')].map((s) => s?.names[0])).toEqual(['login', 'who', undefined]);
    expect(getprotobyname(NO_FILES, 'ICMP')?.proto).toBe(1);
    expect(getprotobyname(NO_FILES, 'constructor')).toBe(null);
    expect([getprotobynumber(NO_FILES, 0), getprotobynumber(NO_FILES, 262), getprotobynumber(NO_FILES, 61)].map((p) => p?.names[0])).toEqual(['ip', 'mptcp', undefined]);
  });

  it('are those of the machine that has the files', () => {
    const files = machine({ '/etc/services': 'mine 7/udp me # echo\n', '/etc/protocols': 'mine 200 ME\n' });
    expect([getservbyport(files, 7, 'udp')?.names, getservbyname(files, 'echo', 'udp')]).toEqual([['mine', 'me'], null]);
    expect([getprotobynumber(files, 200)?.names, getprotobyname(files, 'tcp')]).toEqual([['mine', 'ME'], null]);
  });
});

const debian12 = existsSync('/etc/services') && existsSync('/etc/protocols') && existsSync('/etc/debian_version') && readFileSync('/etc/debian_version', 'utf8').startsWith('12');
if (!debian12) console.warn('netdb against netbase SKIPPED: no Debian 12 with netbase');

describe.runIf(debian12)('the tables', () => {
  it('are netbase of Debian 12', () => {
    const order = (list: readonly { names: readonly string[] }[]): string[] => list.map((entry) => JSON.stringify(entry)).sort();
    expect(order(getservent(NO_FILES))).toEqual(order(getservent(HERE)));
    expect(getprotoent(NO_FILES)).toEqual(getprotoent(HERE));
  });

  it('find what getent(1) finds', () => {
    const getent = (...words: string[]): string => execFileSync('getent', words, { encoding: 'utf8' }).trim();
    for (const name of ['icmp', 'GRE', 'mptcp', 'ipv6-icmp']) {
      const found = getprotobyname(NO_FILES, name);
      expect(`${found?.names[0]} ${found?.proto}`).toBe(getent('protocols', name).split(/\s+/).slice(0, 2).join(' '));
    }
    for (const [port, proto] of [[53, 'udp'], [514, 'tcp'], [514, 'udp'], [750, 'udp']] as const) {
      expect(`${getservbyport(NO_FILES, port, proto)?.names[0]} ${port}/${proto}`).toBe(getent('services', `${port}/${proto}`).split(/\s+/).slice(0, 2).join(' '));
    }
  });
});
