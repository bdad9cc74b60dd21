import { describe, expect, it } from 'vitest';
import { expects, full } from './helpers.ts';

// Each expected line: place, message | path | found | expected | hint.
describe('expectations that cannot be', () => {
  it.each<[string, string | Uint8Array, string[]]>([
    ['an expectation of nothing', expects('- name: x'), [
      '3:5 error: this entry does not say what is expected | expect[0] | a map | a map with exactly one of reach, route, drop, output | -',
    ]],
    ['two in one', expects('- {reach: {from: a, to: b}, route: {node: a, to: b}}'), [
      '3:5 error: this entry does not say what is expected | expect[0] | a map | a map with exactly one of reach, route, drop, output | -',
    ]],
    ['both after and at', expects('- {after: 1s, at: 2s, reach: {from: a, to: b}}'), [
      '3:5 error: this entry has both `after` and `at` | expect[0] | a map | a map with exactly one of reach, route, drop, output | -',
    ]],
    ['moments that go back', expects('- {at: 2s, reach: {from: a, to: b}}', '- {at: 1s, reach: {from: a, to: b}}'), [
      '4:10 error: expectations are judged in the order of the file | expect[1].at | 1s | 2s or later | -',
    ]],
    ['a mistyped kind', expects('- {raech: {from: a, to: b}}'), [
      '3:6 error: an expectation has no key `raech` | expect[0].raech | raech | one of name, after, at, reach, route, drop, output | did you mean reach?',
    ]],
    ['reach from an unknown node to half an address', expects('- reach: {from: c, to: 10.0.0, within: 5}'), [
      '3:19 error: there is no node c | expect[0].reach.from | c | one of a, b | did you mean a?',
      '3:26 error: 10.0.0 is no address and no node | expect[0].reach.to | 10.0.0 | an IP address or the name of a node | -',
      '3:42 error: `within` cannot be 5 | expect[0].reach.within | 5 | a duration with its unit, such as 10ms, 1.5s or 2m | -',
    ]],
    ['reach without a destination', expects('- reach: {from: a}'), [
      '3:5 error: a reach expectation has no `to` | expect[0].reach | from | a key `to` | -',
    ]],
    ['reach with a prefix and no count', expects('- reach: {from: a, to: 10.0.0.1/24, count: 0}'), [
      '3:26 error: 10.0.0.1/24 is no address and no node | expect[0].reach.to | 10.0.0.1/24 | an IP address or the name of a node | leave out the prefix length',
      '3:46 error: `count` cannot be 0 | expect[0].reach.count | 0 | a whole number from 1 to 100000 | -',
    ]],
    ['not reachable, but with a loss', expects('- reach: {from: a, to: b, not: true, loss: 1%}'), [
      '3:40 error: `loss` says nothing beside `not: true` | expect[0].reach.loss | - | - | remove one of them',
    ]],
    ['a next hop that is no address', expects('- route: {node: a, to: 10.0.0.1, via: r1}'), [
      '3:41 error: r1 is no address | expect[0].route.via | r1 | the IP address of the next hop | -',
    ]],
    ['an unreachable route with a device', expects('- route: {node: a, to: 10.0.0.1, unreachable: true, dev: eth1}'), [
      '3:36 error: `unreachable: true` contradicts `via` and `dev` | expect[0].route.unreachable | - | - | remove one of them',
    ]],
    ['a device that cannot be', expects('- route: {node: a, to: 10.0.0.1, dev: "eth 1"}'), [
      "3:41 error: the interface name holds a character that Linux does not take | expect[0].route.dev | eth 1 | 1 to 15 bytes without white space, '/', ':' or '%' | -",
    ]],
    ['a drop reason in words', expects('- drop: {node: a, reason: no socket}'), [
      `3:29 error: \`reason\` cannot be "no socket" | expect[0].drop.reason | "no socket" | a drop reason in the kernel's spelling, such as IP_RPFILTER | -`,
    ]],
    ['a port for an echo request', expects('- drop: {node: a, reason: NO_SOCKET, packet: {from: a, to: b, port: 5}}'), [
      '3:65 error: an ICMP echo request has no port | expect[0].drop.packet.port | - | - | add proto: udp',
    ]],
    ['a protocol that cannot be sent', expects('- drop: {node: a, reason: NO_SOCKET, packet: {from: a, to: b, proto: tcp}}'), [
      '3:72 error: `proto` cannot be "tcp" | expect[0].drop.packet.proto | "tcp" | one of icmp, udp | -',
    ]],
    ['output without anything to compare', expects('- output: {node: a, exec: ip link}'), [
      '3:5 error: this expectation says nothing about the output | expect[0].output | node and exec only | at least one of equals, contains, matches, exit | -',
    ]],
    ['output with a broken pattern', expects('- output: {node: a, exec: ip link, matches: "("}'), [
      '3:47 error: this is no regular expression | expect[0].output.matches | ( | a JavaScript regular expression | Invalid regular expression: /(/mu: Unterminated group',
    ]],
    ['output with a mistyped key', expects('- output: {node: a, exec: ip link, contain: x}'), [
      '3:38 error: an output expectation has no key `contain` | expect[0].output.contain | contain | one of node, exec, equals, contains, matches, exit | did you mean contains?',
    ]],
  ])('%s', (_label, source, expected) => {
    expect(full(source)).toEqual(expected);
  });
});
