import { describe, expect, it } from 'vitest';
import { full, links } from './helpers.ts';

// Each expected line: place, message | path | found | expected | hint.
describe('links that cannot be', () => {
  it.each<[string, string | Uint8Array, string[]]>([
    ['a link type that leads out of the lab', links('- type: vxlan', '  endpoint: {node: a, interface: eth1}'), [
      '8:13 error: `type` cannot be "vxlan" | topology.links[0].type | "vxlan" | one of veth, dummy, host, mgmt-net, macvlan | vxlan and vxlan-stitch links lead out of the simulated lab and cannot run',
    ]],
    ['a mistyped link type', links('- type: vteh', '  endpoints: []'), [
      '8:13 error: `type` cannot be "vteh" | topology.links[0].type | "vteh" | one of veth, dummy, host, mgmt-net, macvlan | did you mean veth?',
    ]],
    ['an endpoint at a node that is not there', links('- endpoints: ["a:eth1", "bb:eth1"]'), [
      '8:29 error: there is no node bb | topology.links[0].endpoints[1] | bb | one of a, b | did you mean b?',
    ]],
    ['an interface that is used twice', links('- endpoints: ["a:eth1", "b:eth1"]', '- endpoints: ["b:eth1", "a:eth2"]'), [
      '9:19 error: interface b:eth1 is used twice | topology.links[1].endpoints[0] | b:eth1 | an interface that no other endpoint has | it is first used in line 8',
    ]],
    ['an interface name of 16 bytes, and one with a slash', links('- endpoints: ["a:eth1234567890123", "b:e/1"]'), [
      `8:19 error: the interface name is 16 bytes long | topology.links[0].endpoints[0] | "eth1234567890123" | 1 to 15 bytes without white space, '/', ':' or '%' | -`,
      `8:41 error: the interface name holds a character that Linux does not take | topology.links[0].endpoints[1] | "e/1" | 1 to 15 bytes without white space, '/', ':' or '%' | -`,
    ]],
    ['interface names .. and with white space', links('- endpoints: ["a:..", "b:e 1"]'), [
      `8:19 error: an interface cannot be named .. | topology.links[0].endpoints[0] | ".." | 1 to 15 bytes without white space, '/', ':' or '%' | -`,
      `8:27 error: the interface name holds a character that Linux does not take | topology.links[0].endpoints[1] | "e 1" | 1 to 15 bytes without white space, '/', ':' or '%' | -`,
    ]],
    ['an interface name that Linux keeps for itself', links('- endpoints: ["a:lo", "b:default"]'), [
      `8:19 error: the interface name lo is taken by Linux itself | topology.links[0].endpoints[0] | "lo" | 1 to 15 bytes without white space, '/', ':' or '%' | -`,
      `8:27 error: the interface name default is taken by Linux itself | topology.links[0].endpoints[1] | "default" | 1 to 15 bytes without white space, '/', ':' or '%' | -`,
    ]],
    ['a host interface name that is too long', links('- {type: host, endpoint: {node: a, interface: eth1}, host-interface: veth-of-node-a-1}'), [
      '8:7 note: a link of type host: the far end is simulated too, nothing reaches the real machine | topology.links[0] | - | - | -',
      `8:74 error: the interface name is 16 bytes long | topology.links[0].host-interface | "veth-of-node-a-1" | 1 to 15 bytes without white space, '/', ':' or '%' | -`,
    ]],
    ['an endpoint without an interface', links('- endpoints: ["a", "b:"]'), [
      '8:19 error: this entry cannot be "a" | topology.links[0].endpoints[0] | "a" | "node:interface" | endpoints as maps need `type: veth` on the link',
      '8:24 error: this entry cannot be "b:" | topology.links[0].endpoints[1] | "b:" | "node:interface" | endpoints as maps need `type: veth` on the link',
    ]],
    ['a multicast and a zero Ethernet address', links('- type: veth', '  endpoints:', '    - {node: a, interface: eth1, mac: "01:00:00:00:00:01"}', '    - {node: b, interface: eth1, mac: "00:00:00:00:00:00"}'), [
      '10:43 error: the Ethernet address has the multicast bit set | topology.links[0].endpoints[0].mac | 01:00:00:00:00:01 | a unicast address that is not zero, such as 02:00:00:00:00:01 | -',
      '11:43 error: the Ethernet address is zero | topology.links[0].endpoints[1].mac | 00:00:00:00:00:00 | a unicast address that is not zero, such as 02:00:00:00:00:01 | -',
    ]],
    ['an Ethernet address that is too short', links('- type: dummy', '  endpoint: {node: a, interface: d0, mac: "02:00"}'), [
      '9:47 error: this is no Ethernet address | topology.links[0].endpoint.mac | 02:00 | a unicast address that is not zero, such as 02:00:00:00:00:01 | -',
    ]],
    ['MTUs below and above what Linux takes, and one that is no number', links('- endpoints: ["a:eth1", "b:eth1"]', '  mtu: 67', '- endpoints: ["a:eth2", "b:eth2"]', '  mtu: 65536', '- endpoints: ["a:eth3", "b:eth3"]', '  mtu: big'), [
      '9:12 error: `mtu` cannot be 67 | topology.links[0].mtu | 67 | a whole number from 68 to 65535 | -',
      '11:12 error: `mtu` cannot be 65536 | topology.links[1].mtu | 65536 | a whole number from 68 to 65535 | -',
      '13:12 error: `mtu` is of the wrong type | topology.links[2].mtu | "big" | a whole number from 68 to 65535 | -',
    ]],
    ['maps in the short form', links('- endpoints: [{node: a, interface: eth1}, "b:eth1"]'), [
      '8:19 error: this entry is of the wrong type | topology.links[0].endpoints[0] | a map | "node:interface" | endpoints as maps need `type: veth` on the link',
    ]],
    ['text in the long form', links('- type: veth', '  endpoints: ["a:eth1", {node: b, interface: eth1}]'), [
      '9:19 error: this entry is of the wrong type | topology.links[0].endpoints[0] | "a:eth1" | a map {node, interface, mac} | links with a `type` take endpoints as maps; without `type` they are written "node:interface"',
    ]],
    ['three endpoints', links('- endpoints: ["a:eth1", "b:eth1", "b:eth2"]'), [
      '8:18 error: `endpoints` cannot be a list of 3 | topology.links[0].endpoints | a list of 3 | a list of two endpoints ["a:eth1", "b:eth1"] | -',
    ]],
    ['no endpoints', links('- mtu: 1500'), [
      '8:7 error: this entry has no `endpoints` | topology.links[0] | mtu | a key `endpoints` | -',
    ]],
    ['mistyped endpoints', links('- endpionts: ["a:eth1", "b:eth1"]'), [
      '8:7 error: this entry has no `endpoints` | topology.links[0] | endpionts | a key `endpoints` | is `endpionts` meant to be `endpoints`?',
      '8:7 note: unknown field `endpionts` in a link, ignored; did you mean endpoints? | topology.links[0].endpionts | - | - | -',
    ]],
    ['a dummy link with endpoints', links('- type: dummy', '  endpoints: ["a:eth1"]'), [
      '8:7 error: this entry has no `endpoint` | topology.links[0] | type, endpoints | a key `endpoint` | is `endpoints` meant to be `endpoint`?',
    ]],
  ])('%s', (_label, source, expected) => {
    expect(full(source)).toEqual(expected);
  });
});
