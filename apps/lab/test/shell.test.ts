import { describe, expect, it } from 'vitest';
import { classify, commandsOf, parseLine, runGroup, type ShellCommand, type ShellGroup } from '../src/index.ts';

const ENV = { ADDR: '10.0.0.1/24', TWO: 'a  b', EMPTY: '' };

/** `[ip][link] && [ip][addr]`: words in brackets, what is not `;` before them, redirections after them. */
function show(group: ShellGroup): string {
  const sink = (s: ShellCommand['stdout']): string => (typeof s === 'string' ? s : `${s.append ? '+' : ''}${s.path}`);
  return group.steps.map(({ connector, errexit, run }, i) => {
    const before = (i === 0 ? '' : connector === ';' ? '; ' : ` ${connector} `) + (errexit ? 'e:' : '');
    if (run.kind === 'group') return `${before}(${show(run)})`;
    const streams = [run.stdout === 'stdout' ? '' : ` >${sink(run.stdout)}`, run.stderr === 'stderr' ? '' : ` 2>${sink(run.stderr)}`];
    return before + run.argv.map((w) => `[${w}]`).join('') + streams.join('');
  }).join('');
}

function read(line: string): string {
  const script = parseLine(line, ENV);
  return 'refused' in script ? `refused: ${script.refused}` : show(script.group);
}

function first(line: string): ShellCommand {
  const script = parseLine(line, ENV);
  if ('refused' in script) throw new Error(script.refused);
  return commandsOf(script.group)[0]!;
}

describe('exec lines', () => {
  it.each<[string, string, string]>([
    ['words', 'ip addr add 10.0.0.1/24  dev\teth1', '[ip][addr][add][10.0.0.1/24][dev][eth1]'],
    ['single quotes keep everything', `echo 'a $ADDR "b" \\'`, '[echo][a $ADDR "b" \\]'],
    ['double quotes fill in variables', 'echo "a $ADDR \\"b\\" \\$x \\a"', '[echo][a 10.0.0.1/24 "b" $x \\a]'],
    ['quotes in the middle of a word', `a'b c'"d"e`, '[ab cde]'],
    ['empty quotes are a word', `echo '' ""`, '[echo][][]'],
    ['a backslash takes away meaning', 'echo a\\ b \\; \\# \\$ADDR', '[echo][a b][;][#][$ADDR]'],
    ['a backslash at the end of a line joins it', 'ip link \\\n show', '[ip][link][show]'],
    ['variables', 'ip addr add $ADDR dev ${DEV:-eth1}', '[ip][addr][add][10.0.0.1/24][dev][eth1]'],
    ['an unquoted variable is split, a quoted one is not', 'x $TWO "$TWO" y$TWO', '[x][a][b][a  b][ya][b]'],
    ['an empty variable is no word unless quoted', 'x $EMPTY $NONE "$EMPTY" ${EMPTY:-d}', '[x][][d]'],
    ['a lone dollar', 'echo $ a$', '[echo][$][a$]'],
    ['connectors', 'a && b || c; d', '[a] && [b] || [c]; [d]'],
    ['connectors without spaces', 'a&&b||c;d;', '[a] && [b] || [c]; [d]'],
    ['lines', 'a\nb\n\n c', '[a]; [b]; [c]'],
    ['a line may end after a connector', 'a &&\n b', '[a] && [b]'],
    ['comments', 'a b # c && d\n#e\nf#g', '[a][b]; [f#g]'],
    ['nothing but a comment', '# nothing', ''],
    ['redirections', 'a >/dev/null 2>&1', '[a] >null 2>null'],
    ['their order counts', 'a 2>&1 >/dev/null', '[a] >null 2>stdout'],
    ['both at once', 'a &> /dev/null', '[a] >null 2>null'],
    ['stderr only, before the command', '2>/dev/null a b', '[a][b] 2>null'],
    ['a digit that is an argument', 'a 12 >x y1>z', '[a][12][y1] >z'],
    ['appending', 'a >>log 2>>err', '[a] >+log 2>+err'],
    ['a redirection swapped through stderr', 'a 1>&2', '[a] >stderr'],
    ['no input', 'a </dev/null', '[a]'],
    ['a write below /proc', 'echo 1 > /proc/sys/net/ipv4/ip_forward', '[echo][1] >/proc/sys/net/ipv4/ip_forward'],
    ['sh -c', "sh -c 'ip addr add $ADDR dev eth1 && a'", '([ip][addr][add][10.0.0.1/24][dev][eth1] && [a])'],
    ['bash with more options', '/bin/bash -e -xc "a; b"', '(e:[a]; e:[b])'],
    ['busybox', "busybox sh -c 'a'", '([a])'],
    ['set -e', "sh -c 'set -e; a; b'", '(e:[true]; e:[a]; e:[b])'],
    ['a shell in a shell', `sh -c "sh -c 'a; b' && c"`, '(([a]; [b]) && [c])'],
    ['a shell passes on its redirections', "sh -c 'a; b 2>/dev/null' >/dev/null", '([a] >null; [b] >null 2>null)'],
    ['a shell that runs a file stays a command', 'sh /setup.sh', '[sh][/setup.sh]'],
    ['sudo and friends', 'sudo -n -u root nohup env -i A=1 ip link', '[ip][link]'],
    ['an assignment before a command reaches the shell', "V=x sh -c 'echo $V'", '([echo][x])'],
    ['an assignment alone lasts', 'D=eth1; ip link show $D', '[true]; [ip][link][show][eth1]'],
    ['export', 'export D="eth 1" && ip link show "$D"', '[true] && [ip][link][show][eth 1]'],
    ['an absolute path stays as written', '/sbin/ip link', '[/sbin/ip][link]'],
  ])('%s', (_label, line, expected) => {
    expect(read(line)).toBe(expected);
  });

  it.each<[string, string, string]>([
    ['pipes', 'ip addr | grep eth1', 'a pipe (|)'],
    ['background', 'iperf3 -s &', 'a command in the background (&)'],
    ['command substitution', 'echo $(id)', 'command substitution'],
    ['backquotes', 'echo "`id`"', 'command substitution'],
    ['subshells', '(a; b)', 'a subshell'],
    ['loops', 'for i in 1 2; do echo $i; done', 'the shell keyword for'],
    ['conditions', 'if true; then a; fi', 'the shell keyword if'],
    ['positional parameters', 'echo $1', 'the expansion $1'],
    ['input', 'a < file', 'the redirection <'],
    ['here documents', 'cat <<EOF', 'the redirection <<'],
    ['other descriptors', 'a 3>x', 'the file descriptor'],
    ['an open quote', "a 'b", "a quote '"],
    ['an open quote inside sh -c', `sh -c "a 'b"`, "a quote '"],
    ['a connector at the end', 'a &&', 'nothing follows &&'],
    ['a connector at the beginning', '; a', 'there is no command before ;'],
    ['a redirection to nowhere', 'a >', 'nothing follows >'],
    ['sh -c without a script', 'sh -c', 'sh -c has nothing to run'],
  ])('refuses %s by name', (_label, line, reason) => {
    expect(read(line)).toContain(`refused: ${reason}`);
  });

  it('a keyword in quotes is a word', () => {
    expect(read("'if' x")).toBe('[if][x]');
  });
});

describe('running', () => {
  const run = async (line: string): Promise<string> => {
    const script = parseLine(line, {});
    if ('refused' in script) return script.refused;
    const done: string[] = [];
    const code = await runGroup(script.group, (c) => {
      done.push(c.argv[0]!);
      return Promise.resolve(c.argv[0]!.startsWith('no') ? 3 : 0);
    });
    return `${done.join(' ')} → ${code}`;
  };
  it.each([
    ['a; no; b', 'a no b → 0'], ['a && b', 'a b → 0'], ['no && b', 'no → 3'], ['no || b', 'no b → 0'], ['a || b', 'a → 0'], ['no && b || c', 'no c → 0'], ['a || b && c', 'a c → 0'],
    ["a && sh -c 'no; b' && c", 'a no b c → 0'], ["no && sh -c 'a; b'", 'no → 3'], ["sh -ec 'no; b'; c", 'no c → 0'], ["sh -ec 'no || b; c'", 'no b c → 0'], ["sh -ec 'no && b; c'", 'no c → 0'],
    ["sh -c 'a; exit 7; b' || c", 'a c → 0'], ['no; exit', 'no → 3'], ["sh -c 'no; set -e; a; no; b'", 'no true a no → 3'], ['exit 300; a', ' → 44'], ['exit x', ' → 2'], ['', ' → 0'], ['no', 'no → 3'],
  ])('%s runs %s', async (line, expected) => {
    expect(await run(line)).toBe(expected);
  });
});

describe('classify', () => {
  const have = new Set(['ip', 'ping']);
  it.each<[string, string, object]>([
    ['a command of the stack', '/sbin/ip link', { kind: 'run', argv: ['ip', 'link'] }],
    ['a sysctl by echo', 'echo 1 > /proc/sys/net/ipv4/ip_forward', { kind: 'sysctl', settings: [{ path: 'net/ipv4/ip_forward', value: '1' }] }],
    ['a sysctl by printf', "printf '2\\n' >/proc/sys/net/ipv4/conf/all/rp_filter", { kind: 'sysctl', settings: [{ path: 'net/ipv4/conf/all/rp_filter', value: '2' }] }],
    ['sysctl -w, several', 'sysctl -qw net.ipv4.ip_forward=1 net/ipv4/x=a', { kind: 'sysctl', settings: [{ path: 'net/ipv4/ip_forward', value: '1' }, { path: 'net/ipv4/x', value: 'a' }] }],
    ['sysctl -w with spaces', 'sysctl -w "net.ipv4.tcp_rmem = 1 2 3"', { kind: 'sysctl', settings: [{ path: 'net/ipv4/tcp_rmem', value: '1 2 3' }] }],
    ['echo', 'echo -n a b', { kind: 'print', text: 'a b' }],
    ['sleep', 'sleep 1.5 1m', { kind: 'sleep', ns: 61.5e9 }],
    ['sleep for nobody knows how long', 'sleep infinity', { kind: 'note', network: false }],
    ['true', 'true', { kind: 'status', code: 0 }],
    ['false', 'false', { kind: 'status', code: 1 }],
    ['no network command', 'apk add --no-cache tcpdump', { kind: 'note', network: false, note: '`apk add --no-cache tcpdump` is passed over: apk is no network command, and there is no container to run it in' }],
    ['a daemon', 'nginx -g "daemon off;"', { kind: 'note', network: false }],
    ['a network command that the stack has not', 'tc qdisc add dev eth1 root netem delay 10ms', { kind: 'note', network: true }],
    ['sysctl that reads', 'sysctl net.ipv4.ip_forward', { kind: 'note', network: true }],
    ['a file', 'echo nameserver 1.1.1.1 > /etc/resolv.conf', { kind: 'file', path: '/etc/resolv.conf', text: 'nameserver 1.1.1.1\n', append: false }],
    ['more of a file', "printf 'a\\nb' >> /tmp/x", { kind: 'file', path: '/tmp/x', text: 'a\nb', append: true }],
    ['a pattern below /proc', 'echo 0 > /proc/sys/net/ipv4/conf/*/rp_filter', { kind: 'note', network: false }],
    ['a name of Object.prototype', 'constructor x', { kind: 'note', network: false }],
  ])('%s', (_label, line, expected) => {
    expect(classify(first(line), have)).toMatchObject(expected);
  });
  it('leaves sysctl to a stack that has it', () => {
    expect(classify(first('sysctl -w a=1'), new Set(['sysctl']))).toEqual({ kind: 'run', argv: ['sysctl', '-w', 'a=1'] });
  });
});
