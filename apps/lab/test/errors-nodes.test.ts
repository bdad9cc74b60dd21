import { describe, expect, it } from 'vitest';
import { full, lab } from './helpers.ts';

// Each expected line: place, message | path | found | expected | hint.
describe('nodes that cannot be', () => {
  it.each<[string, string | Uint8Array, string[]]>([
    ['a vendor kind that comes from a group', lab({ a: ['group: g'], topology: ['groups: {g: {kind: nokia_srlinux}}'] }).replace('      kind: linux\n', ''), [
      '3:22 error: node a is of kind nokia_srlinux, which cannot run here | topology.groups.g.kind | nokia_srlinux | linux | it needs the image of a vendor; a node of kind linux can route in its place',
    ]],
    ['a bridge kind', lab().replace('{kind: linux}', '{kind: bridge}'), [
      '6:15 error: node b is of kind bridge, which cannot run here | topology.nodes.b.kind | bridge | linux | it stands for something outside the lab; a node of kind linux can forward or answer in its place',
    ]],
    ['a mistyped kind', lab().replace('{kind: linux}', '{kind: linus}'), [
      '6:15 error: node b is of kind linus, which cannot run here | topology.nodes.b.kind | linus | linux | did you mean linux?',
    ]],
    ['a node without a kind is only noted', lab().replace('{kind: linux}', ''), [
      '6:5 note: node b has no kind; linux is assumed, where containerlab would refuse the file | topology.nodes.b | - | - | -',
    ]],
    ['a node that shares a namespace', lab({ a: ['network-mode: container:b'] }), [
      '6:21 error: node a shares a network namespace, which cannot run here | topology.nodes.a.network-mode | container:b | bridge or none | put the interfaces and exec lines of both into one node',
    ]],
    ['a node name with a space', 'name: x\ntopology:\n  nodes:\n    "a b": {kind: linux}\n', [
      `4:5 error: this cannot name a node | topology.nodes."a b" | "a b" | letters, digits, '-', '_' and '.', beginning with a letter or digit | -`,
    ]],
    ['values of the wrong type', lab({ a: ['exec: ip link', 'env: [A]', 'sysctls: 5'] }), [
      '6:13 error: `exec` is of the wrong type | topology.nodes.a.exec | "ip link" | a list of command lines | -',
      '7:12 error: `env` is of the wrong type | topology.nodes.a.env | a list of 1 | a map of names to values | -',
      '8:16 error: `sysctls` is of the wrong type | topology.nodes.a.sysctls | 5 | a map of sysctl names to values, such as net.ipv4.ip_forward: 1 | -',
    ]],
    ['exec lines that YAML takes for something else', lab({ a: ['exec:', '  - echo: hi', '  - 5'] }), [
      "7:11 error: this entry is of the wrong type | topology.nodes.a.exec[0] | a map | a command line | put the line in quotes if it holds ': ' or begins with a special character",
      "8:11 error: this entry is of the wrong type | topology.nodes.a.exec[1] | 5 | a command line | put the line in quotes if it holds ': ' or begins with a special character",
    ]],
    ['a sysctl name with a space and a switch that is no number', lab({ top: ['sysctl: {"net.ipv4.ip forward": 1, net.ipv4.ip_forward: true}'] }), [
      '2:10 error: this cannot name a sysctl | sysctl."net.ipv4.ip forward" | "net.ipv4.ip forward" | a name such as net.ipv4.ip_forward | -',
      '2:57 error: `net.ipv4.ip_forward` is of the wrong type | sysctl."net.ipv4.ip_forward" | true | a number or text | write 1 for on and 0 for off',
    ]],
  ])('%s', (_label, source, expected) => {
    expect(full(source)).toEqual(expected);
  });
});
