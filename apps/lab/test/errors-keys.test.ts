import { describe, expect, it } from 'vitest';
import { full, lab, links } from './helpers.ts';

const LINK = '- endpoints: ["a:eth1", "b:eth1"]';

// Each expected line: place, message | path | found | expected | hint.
describe('unknown keys', () => {
  it.each<[string, string | Uint8Array, string[]]>([
    ['mistyped keys of ours are errors, others are notes', lab({ top: ['expct: []', 'sede: 5', 'prefx: x'], a: ['sysctk: {}', 'exce: []', 'foo: 1'] }), [
      '2:1 error: unknown key `expct` in the top level | expct | expct | one of sysctl, ipv6, seed, capture, expect, or a key of containerlab | did you mean expect?',
      '3:1 error: unknown key `sede` in the top level | sede | sede | one of sysctl, ipv6, seed, capture, expect, or a key of containerlab | did you mean seed?',
      '4:1 note: unknown field `prefx` in the top level, ignored; did you mean prefix? | prefx | - | - | -',
      '9:7 error: unknown key `sysctk` in a node | topology.nodes.a.sysctk | sysctk | one of sysctl, or a key of containerlab | did you mean sysctl?',
      '10:7 note: unknown field `exce` in a node, ignored; did you mean exec? | topology.nodes.a.exce | - | - | -',
      '11:7 note: unknown field `foo` in a node, ignored | topology.nodes.a.foo | - | - | -',
    ]],
    ['a key of ours in the wrong place is an error', lab({ a: ['impair: {}', 'expect: []'] }), [
      '6:7 error: `impair` does not belong in a node | topology.nodes.a.impair | impair | `impair` in a link | -',
      '7:7 error: `expect` does not belong in a node | topology.nodes.a.expect | expect | `expect` in the top level | -',
    ]],
    ['mistyped keys of a link', links(LINK, '  impiar: {}', '  dwon: []', '  colour: red'), [
      '9:7 error: unknown key `impiar` in a link | topology.links[0].impiar | impiar | one of impair, down, or a key of containerlab | did you mean impair?',
      '10:7 error: unknown key `dwon` in a link | topology.links[0].dwon | dwon | one of impair, down, or a key of containerlab | did you mean down?',
      '11:7 note: unknown field `colour` in a link, ignored | topology.links[0].colour | - | - | -',
    ]],
    ['a seed below zero and a capture that is no list', lab({ top: ['seed: -1', 'capture: yes'] }), [
      '2:7 error: `seed` cannot be -1 | seed | -1 | a whole number from 0 to 4294967295 | -',
      '3:10 error: `capture` is of the wrong type | capture | "yes" | true, or a list of "node" or "node:interface" | -',
    ]],
    ['a capture of what is not there', lab({ top: ['capture: [c, "a:eth9", "a:eth1"]'] }), [
      '2:11 error: there is no node c | capture[0] | c | one of a, b | did you mean a?',
      '2:14 note: no link gives a an interface eth9; it is captured if an exec line makes it | capture[1] | eth9 | one of eth1 | -',
    ]],
  ])('%s', (_label, source, expected) => {
    expect(full(source)).toEqual(expected);
  });
});
