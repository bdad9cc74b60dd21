/** What this stack and the running kernel say to the same requests, in namespaces that have seen the same before. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NetlinkPort, netlinkNet, netlinkOpen } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { le16, le32 } from '@skbuff/wire';
import { createNet } from 'skbuff';

export interface Request {
  readonly message: Uint8Array;
  /** NETLINK_GET_STRICT_CHK is on. */
  readonly strict: boolean;
}

/** Why there is no kernel to compare with, or null. */
export function kernelMissing(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs root on Linux';
  if (spawnSync('gcc', ['--version']).status !== 0) return 'it needs gcc';
  if (spawnSync('unshare', ['--version']).status !== 0) return 'it needs util-linux';
  return existsSync('/usr/include/stdio.h') ? null : 'it needs libc6-dev';
}

/**
 * The kernel's answers, a line each: in a network namespace of its own, which goes with the process, and a PID namespace of its own,
 * so that no number in a message means anybody else.
 */
export function kernelAnswers(requests: readonly Request[]): string[] {
  const directory = mkdtempSync(path.join(tmpdir(), 'skbuff-fuzz-'));
  try {
    const binary = path.join(directory, 'netlink');
    execFileSync('gcc', ['-O2', '-o', binary, fileURLToPath(new URL('../c/netlink.c', import.meta.url))]);
    const input = Buffer.concat(requests.flatMap(({ message, strict }) => {
      const head = Buffer.alloc(8);
      head.writeUInt32LE(message.length, 0);
      head.writeUInt32LE(strict ? 1 : 0, 4);
      return [head, message];
    }));
    const script = 'ip link set lo up && exec "$1"';
    const out = execFileSync('unshare', ['--net', '--pid', '--fork', '--kill-child', 'sh', '-c', script, 'sh', binary], { input, encoding: 'latin1', maxBuffer: 1 << 28 });
    return out.split('\n').slice(0, -1).map((line) => line.trim());
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** This stack's answers, in the same words. */
export function ourAnswers(requests: readonly Request[]): string[] {
  const net = createNet({ seed: 1 });
  const { ns } = net.host('h');
  const answers = requests.map(({ message, strict }) => {
    const port = netlinkOpen(netlinkNet.of(ns), U.NETLINK_ROUTE) as NetlinkPort;
    port.setsockopt(U.NETLINK_EXT_ACK, 1);
    if (strict) port.setsockopt(U.NETLINK_GET_STRICT_CHK, 1);
    port.sendmsg(message);
    let line = '';
    for (let reply = port.recvmsg(65536); typeof reply !== 'number'; reply = port.recvmsg(65536)) line += shown(reply.data);
    port.close();
    net.kernel.onClock();
    return line.trim();
  });
  net.close();
  return answers;
}

function shown(data: Uint8Array): string {
  let text = '';
  for (let at = 0; at + 16 <= data.length; ) {
    const len = le32(data, at);
    const type = le16(data, at + 4);
    const flags = le16(data, at + 6);
    const err = -(le32(data, at + 16) | 0);
    const tlvs = (flags & U.NLM_F_ACK_TLVS) !== 0;
    if (type === U.NLMSG_ERROR) {
      const quoted = (flags & U.NLM_F_CAPPED) !== 0 ? 16 : (le32(data, at + 20) + 3) & ~3;
      text += `${err}${tlvs ? extack(data, at + 20 + quoted, at + len) : ''}; `;
    } else if (type === U.NLMSG_DONE) text += `done ${err}${tlvs ? extack(data, at + 20, at + len) : ''}; `;
    at += Math.max(16, (len + 3) & ~3);
  }
  return text;
}

function extack(data: Uint8Array, at: number, end: number): string {
  let text = '';
  while (at + 4 <= end) {
    const len = le16(data, at);
    const type = le16(data, at + 2) & 0x3fff;
    if (len < 4 || at + len > end) break;
    if (type === U.NLMSGERR_ATTR_MSG) text += ` ${String.fromCharCode(...data.subarray(at + 4, at + len - 1))}`;
    if (type === U.NLMSGERR_ATTR_OFFS) text += ` @${le32(data, at + 4)}`;
    at += (len + 3) & ~3;
  }
  return text;
}

/** What this stack speaks: the kernel has families and kinds that are not there yet. */
const TYPES: ReadonlySet<number> = new Set([
  ...[U.RTM_NEWLINK, U.RTM_NEWADDR, U.RTM_NEWROUTE, U.RTM_NEWNEIGH, U.RTM_NEWRULE, U.RTM_NEWNEIGHTBL].flatMap((type) => [type, type + 1, type + 2, type + 3]),
  U.RTM_GETNETCONF, U.RTM_NEWLINKPROP, U.RTM_DELLINKPROP, U.RTM_GETNSID,
]);
/** Numbers of attributes that name a process or a descriptor, in messages about links and about namespaces. */
const OF_A_PROCESS: readonly number[] = [U.IFLA_NET_NS_PID, U.IFLA_NET_NS_FD];
const OF_A_PROCESS_NSID: readonly number[] = [U.NETNSA_PID, U.NETNSA_FD];

/** `dummy`, which this kernel need not have. */
const DUMMY = [0x64, 0x75, 0x6d, 0x6d, 0x79].join();

/** Selectors that rules do not have here. */
const OF_NEWER_RULES: readonly number[] = [U.FRA_DSCP, U.FRA_FLOWLABEL, U.FRA_FLOWLABEL_MASK, U.FRA_SPORT_MASK, U.FRA_DPORT_MASK, U.FRA_DSCP_MASK];

/** Both sides can be asked this: no family beside IPv4, no process or descriptor of whoever asks. */
export function isComparable({ message }: Request): boolean {
  for (let at = 0; at + 16 <= message.length; ) {
    const len = le32(message, at);
    if (len < 16 || len > message.length - at) break;
    if (!TYPES.has(le16(message, at + 4))) return false;
    if (at + 16 < message.length && message[at + 16] !== U.AF_UNSPEC && message[at + 16] !== U.AF_INET) return false;
    at += (len + 3) & ~3;
  }
  if (message.join().includes(DUMMY)) return false;
  const type = le16(message, 4);
  const rule = type >= U.RTM_NEWRULE && type <= U.RTM_GETRULE;
  const bad = rule ? OF_NEWER_RULES : type === U.RTM_GETNSID ? OF_A_PROCESS_NSID : OF_A_PROCESS;
  // Wherever it might stand.
  for (let at = 16; at + 4 <= message.length; at += 4) if (bad.includes(le16(message, at + 2) & 0x3fff)) return false;
  return true;
}
