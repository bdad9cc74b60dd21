/**
 * Namespaces and their numbers, by the system's ip on the running kernel and by ours on our own stack: both must print the same and
 * return the same. Needs root and iproute2; says aloud when it cannot.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stack } from './stack.ts';

const possible = process.getuid?.() === 0 && spawnSync('ip', ['-V']).stdout?.toString().includes('iproute2') === true;
if (!possible) console.warn('netns oracle SKIPPED: it needs root and the command ip of iproute2');

/** Names that nobody else on the machine has. */
const [A, B, C] = ['a', 'b', 'c'].map((x) => `sk${process.pid}${x}`) as [string, string, string];

/** In order: each line sees what the lines before it did. A, B and C are namespaces. */
const SCRIPT = `
netns add A
netns add B
netns add C
netns add C
netns add
netns add x/y
netns del nosuch
netns del
netns set
netns set B
netns set nosuch 5
netns set A -1
netns set A 99999999999
netns set A x
-n A netns list-id
-n A netns set B 5
-n A netns set B 6
-n A netns set C 5
-n A netns set C auto
-n A netns list
-n A -j netns list-id
-n A netns list-id
-n A netns list-id nsid 5
-n A netns list-id nsid 7
-n A netns list-id nsid x
-n A netns list-id nsid
-n A netns list-id nsid -1
-n A netns list-id nsid -1 target-nsid 5
-n A netns list-id nsid 2147483648
-n A netns list-id target-nsid -1
-n A netns list-id target-nsid 4294967295
-n A netns list-id foo
-n A netns list-id nsid 5 nsid 6
-n A netns list-id target-nsid 5
-n A netns list-id target-nsid 9
-n A netns list-id target-nsid x
-n A netns list-id target-nsid 5 nsid 5
-n A netns list-id target-nsid 5 nsid 0
-n A -j netns list-id target-nsid 5 nsid 5
-n A netns list-id target-nsid 9 nsid 0
-n B netns set C 3
-n A netns list-id target-nsid 5
-n A -j netns list-id target-nsid 5
-n A netns list-id target-nsid 5 nsid 3
-n A netns nosuch
-n nosuch link
-n A link add v0 index 20 address 02:00:00:00:00:01 type veth peer name v1 index 21 address 02:00:00:00:00:02 netns B
-n A link show v0
-n B link show v1
-n A -j link show v0
-n B netns list-id
-n A link set lo netns B
-n A link set v0 netns nosuch
-n A link set v0 netns 99999999
-n A link set nosuch netns B
-n A link add w0 index 30 address 02:00:00:00:00:03 type veth peer name w1 index 31 address 02:00:00:00:00:04
-n A link set w1 netns C
-n A link show w0
-n C link show w1
-n C netns list-id
-n B link add w1 index 40 address 02:00:00:00:00:05 type veth peer name w2 index 41 address 02:00:00:00:00:06
-n B link set w1 netns C
-n B link set w1 netns C name w3
-n B link property add dev w2 altname vier
-n A link property add dev v0 altname vier
-n C link show w3
-n C link set w3 netns C
-n B link set w2 netns A
-n A link property del dev v0 altname vier
-n B link set w2 netns A
-n A link show w2
-n A netns exec B ip link show v1
-n A netns exec nosuch ip link
netns exec
netns exec A
netns pids A
netns pids nosuch
netns identify x
netns del C
-n A netns list-id
-n B netns list-id
-n A link show w0
-n B link show w2
-n A link show w2
netns attach A
netns attach
netns attach A 1
netns attach x 9999999
netns attach x abc
-n A netns del B
-n A link show v0
-n A netns list-id
netns del A
netns del A
`;

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Other namespaces of the machine are not ours to see, nor what ip says at its start of one that somebody else is just making; in which order a directory
 * lists its files is its own business.
 */
function tidy({ status, stdout, stderr: said }: Result, line: string): Result {
  const stderr = said.replace(/^Error: Peer netns reference is invalid\.\n/gm, '');
  if (!/netns list$/.test(line)) return { status, stdout, stderr };
  const own = stdout.split('\n').filter((text) => [A, B, C].some((name) => text.startsWith(name)));
  return { status, stdout: own.sort().join('\n'), stderr };
}

let stack: Stack;

describe.skipIf(!possible)("namespaces, against the system's ip", () => {
  beforeAll(() => {
    stack = new Stack();
  });
  afterAll(() => {
    for (const name of [A, B, C]) spawnSync('ip', ['netns', 'del', name]);
    expect(stack.close()).toEqual({});
  });

  function theirs(words: readonly string[]): Result {
    const { status, stdout, stderr } = spawnSync('ip', words);
    // The kernel's worker takes a moment to let a namespace die.
    if (words.includes('del')) spawnSync('sleep', ['0.3']);
    return { status, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  it.each(SCRIPT.trim().split('\n'))('ip %s', (line) => {
    const words = line.split(' ').map((word) => ({ A, B, C })[word] ?? word);
    expect(tidy(stack.run(['ip', ...words]), line)).toEqual(tidy(theirs(words), line));
  });
});
