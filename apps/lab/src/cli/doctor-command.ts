/** `skbuff doctor`: what works here, and what would make the rest work. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Sandbox } from '../program/sandbox.ts';
import { paintFor } from '../report/colors.ts';

export interface DoctorOptions {
  readonly json?: boolean;
}

/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** What was found. */
  readonly found: string;
  /** What it is for. */
  readonly for: string;
  /** Labs do not run without it. */
  readonly needed: boolean;
  /** What would make it work; absent where it does. */
  readonly mend?: string;
}

const NEEDED_NODE = '20.20';

function finding(what: string, use: string, ok: boolean, found: string, mend: string, needed = false): Finding {
  return { what, ok, found, for: use, needed, ...(!ok && { mend }) };
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 20 || (major === 20 && minor >= 20);
  return finding('Node', 'everything', ok, process.versions.node, `install Node ${NEEDED_NODE} or newer, or for one command: npx -y -p node@24 npx skbuff …`, true);
}

/** A directory that UNIX sockets and executable files may lie in. */
function temporary(): Finding {
  const use = 'skbuff run';
  try {
    const directory = mkdtempSync(path.join(tmpdir(), 'skbuff-'));
    try {
      const name = path.join(directory, '.kernel');
      if (name.length > 107) return finding('temporary files', use, false, `${name}: too long for a socket`, 'TMPDIR=/tmp skbuff run …');
      accessSync(directory, constants.W_OK);
      return finding('temporary files', use, process.platform !== 'win32', tmpdir(), 'use WSL: commands of a program meet the kernel on a UNIX socket');
    } finally {
      rmSync(directory, { recursive: true });
    }
  } catch (error) {
    return finding('temporary files', use, false, String(error), 'TMPDIR=/tmp skbuff run …');
  }
}

function program(name: string, args: readonly string[], use: string, mend: string): Finding {
  const { error, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8', timeout: 10_000 });
  const text = error === undefined ? `${stdout}${stderr}`.split('\n').find((line) => line.trim() !== '') : error.message;
  return finding(name, use, error === undefined, text ?? '', mend);
}

function root(): Finding {
  const uid = process.getuid?.();
  const found = uid === undefined ? process.platform : `uid ${uid}`;
  return finding('root on Linux', 'building an exported lab', process.platform === 'linux' && uid === 0, found, 'on Linux: sudo bash lab.sh up; labs themselves need no root');
}

/** Whether a process may be root in namespaces of its own. */
function userNamespaces(): Finding {
  const use = 'building an exported lab without root';
  const { status, error, stderr } = spawnSync('unshare', ['-Urn', 'true'], { encoding: 'utf8', timeout: 10_000 });
  if (error === undefined && status === 0) return finding('user namespaces', use, true, 'unshare -Urn works', '');
  return finding('user namespaces', use, false, (error?.message ?? stderr).trim(), allowUserNamespaces());
}

function allowUserNamespaces(): string {
  const apparmor = readSetting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1';
  return apparmor ? 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0' : 'sudo sysctl -w user.max_user_namespaces=10000';
}

/** Whether programs can be kept off the machine's network, with files of their own below /proc/sys/net. */
function programNamespaces(): Finding {
  const { flags, mounts, why } = new Sandbox();
  const mend = why.startsWith('unshare of') ? 'apt-get install util-linux' : `${allowUserNamespaces()}, or as root: sudo npx skbuff run …`;
  return finding('namespaces for programs', 'skbuff run: scripts that write to /proc/sys/net, read /sys/class/net, or say /sbin/ip', mounts, mounts ? `unshare ${flags?.join(' ')}` : why, mend);
}

function readSetting(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

/** The tool alone makes no impairments: a kernel may lack the queueing discipline. Tried in a namespace that ends with the command. */
function netem(): Finding {
  const use = 'impairments of an exported lab';
  const { status, error, stderr } = spawnSync('unshare', [process.getuid?.() === 0 ? '-n' : '-Urn', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem'], { encoding: 'utf8', timeout: 10_000 });
  if (error === undefined && status === 0) return finding('netem', use, true, 'tc qdisc add … netem works', '');
  const why = error?.message ?? stderr.trim().split('\n')[0] ?? '';
  return finding('netem', use, false, why, 'apt-get install iproute2; sudo modprobe sch_netem, or a kernel that has it; labs themselves need none');
}

/** A kernel can be built without it, or be started with `ipv6.disable=1`. */
function ipv6(): Finding {
  const there = existsSync('/proc/sys/net/ipv6');
  return finding('IPv6', 'exported labs of IPv6', there, there ? '/proc/sys/net/ipv6' : 'this kernel has none', 'start it without ipv6.disable=1, or sudo modprobe ipv6; labs themselves need none');
}

/** Looks at everything. */
export function examine(): Finding[] {
  return [
    node(),
    temporary(),
    programNamespaces(),
    program('bash', ['--version'], 'skbuff run -- bash script.sh', 'apt-get install bash'),
    program('tshark', ['--version'], 'reading captures', 'apt-get install tshark, or open the pcapng in Wireshark'),
    root(),
    userNamespaces(),
    program('ip', ['-V'], 'building an exported lab', 'apt-get install iproute2'),
    program('radvd', ['--version'], 'routers that advertise themselves in an exported lab', 'apt-get install radvd; labs themselves need none'),
    ipv6(),
    netem(),
  ];
}

/** The exit code. */
export function doctorCommand({ json = false }: DoctorOptions): number {
  const findings = examine();
  if (json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else process.stdout.write(findings.map(line).join(''));
  return findings.every(({ ok, needed }) => ok || !needed) ? 0 : 1;
}

function line({ what, ok, found, for: use, needed, mend }: Finding): string {
  const paint = paintFor(process.stdout, process.env);
  const mark = ok ? paint.green('ok') : needed ? paint.red('no') : paint.yellow('--');
  return `${mark}  ${what}: ${found}\n      for ${use}\n${mend === undefined ? '' : `      to mend: ${mend}\n`}`;
}
