/** The running kernel's side of a script: two namespaces of its own, joined as `TwoHosts` are. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether this machine lets us ask its kernel. */
export const kernelPossible: boolean =
  process.getuid?.() === 0 && spawnSync('gcc', ['--version']).status === 0 && spawnSync('ip', ['-V']).stdout?.toString().includes('iproute2') === true;

/** Runs the script in fresh namespaces, whose devices get these indices; a line of answer for each line. */
export function runOnKernel(lines: readonly string[], va: number, vb: number): string[] {
  const dir = mkdtempSync(join(tmpdir(), 'skbuff-sockets-'));
  const [a, b] = [`skb-sock-a-${process.pid}`, `skb-sock-b-${process.pid}`];
  const ip = (line: string): void => void execFileSync('ip', line.split(' '));
  try {
    const program = join(dir, 'kernel-sockets');
    execFileSync('gcc', ['-O1', '-o', program, join(import.meta.dirname, 'kernel-sockets.c')]);
    for (const net of [a, b]) {
      ip(`netns add ${net}`);
      ip(`netns exec ${net} sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1`);
      ip(`-n ${net} link set lo up`);
    }
    ip(`-n ${a} link add va index ${va} type veth peer name vb index ${vb} netns ${b}`);
    ip(`-n ${a} addr add 10.0.0.1/24 brd + dev va`);
    ip(`-n ${b} addr add 10.0.0.2/24 brd + dev vb`);
    ip(`-n ${a} link set va up`);
    ip(`-n ${b} link set vb up`);
    ip(`-n ${b} addr add 10.0.0.3/24 brd + dev vb`);
    for (const [net, dev, to] of [[a, 'va', 2], [b, 'vb', 1]] as const) execFileSync('ip', ['netns', 'exec', net, 'ping', '-q', '-c1', '-I', dev, `10.0.0.${to}`]);
    return execFileSync(program, [a, b], { input: `${lines.join('\n')}\n` }).toString().trimEnd().split('\n');
  } finally {
    for (const net of [a, b]) spawnSync('ip', ['netns', 'del', net]);
    rmSync(dir, { recursive: true });
  }
}

/** Both sides of a script, each answer behind its line. */
export function transcript(lines: readonly string[], answers: readonly string[]): string {
  return lines.map((line, i) => `${line}\n  ${answers[i] ?? '(nothing)'}`).join('\n');
}
