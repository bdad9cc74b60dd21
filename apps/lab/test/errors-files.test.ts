import { describe, expect, it } from 'vitest';
import { full, lab } from './helpers.ts';

const BOMB = ['a: &a [x,x,x,x,x,x,x,x,x,x]', ...[...'bcdefghi'].map((c, i) => `${c}: &${c} [${Array(10).fill(`*${'abcdefgh'[i]}`).join(',')}]`)].join('\n');

// Each expected line: place, message | path | found | expected | hint.
describe('files that are no topology', () => {
  it.each<[string, string | Uint8Array, string[]]>([
    ['a key that stands twice', lab({ a: ['image: x', 'image: y'] }), [
      '7:7 error: this key stands twice in the same map |  | - | - | remove or rename one of them',
    ]],
    ['brackets that are not closed', 'name: t\ntopology:\n  nodes: [a, b\n  links: {', [
      '4:3 error: broken YAML: Flow sequence in block collection must be sufficiently indented and end with a ] |  | - | - | -',
      '4:11 error: broken YAML: Flow map in block collection must be sufficiently indented and end with a } |  | - | - | -',
    ]],
    ['one mistake with many consequences', `name: t\n${Array.from({ length: 9 }, (_, i) => `k${i}: [`).join('\n')}\n`, [
      '3:1 error: broken YAML: Flow sequence in block collection must be sufficiently indented and end with a ] |  | - | - | -',
      '4:1 error: broken YAML: Flow sequence in block collection must be sufficiently indented and end with a ] |  | - | - | -',
      '5:1 error: broken YAML: Flow sequence in block collection must be sufficiently indented and end with a ] |  | - | - | 6 more errors are not shown, and may go away with these',
    ]],
    ['a quote that is not closed', 'name: "t\ntopology:\n', [
      '3:1 error: broken YAML: Missing closing "quote |  | - | - | -',
    ]],
    ['tabs', 'name: t\ntopology:\n\tnodes: {}\n', [
      '3:1 error: broken YAML: Tabs are not allowed as indentation |  | - | - | indent with spaces',
    ]],
    ['an empty file', '', [
      '1:1 error: the file is empty |  | - | a containerlab topology file with `name` and `topology` | -',
    ]],
    ['white space only', '\n  \n', [
      '1:1 error: the file is empty |  | - | a containerlab topology file with `name` and `topology` | -',
    ]],
    ['comments only', '# hi\n', [
      '1:1 error: the file is of the wrong type |  | nothing | a containerlab topology: a map with name and topology | -',
    ]],
    ['a list', '- a\n- b\n', [
      '1:1 error: the file is of the wrong type |  | a list of 2 | a containerlab topology: a map with name and topology | -',
    ]],
    ['a word', 'hello', [
      '1:1 error: the file is of the wrong type |  | "hello" | a containerlab topology: a map with name and topology | -',
    ]],
    ['no name', lab().replace('name: t\n', ''), [
      '1:1 error: the top level has no `name` |  | topology | a key `name` | -',
    ]],
    ['no topology', 'name: x\n', [
      '1:1 error: the top level has no `topology` |  | name | a key `topology` | -',
    ]],
    ['nothing in topology', 'name: x\ntopology:\n', [
      '2:10 error: `topology` is of the wrong type | topology | nothing | a map with nodes and links | -',
    ]],
    ['no nodes', 'name: x\ntopology: {}\n', [
      '2:1 error: the topology has no `nodes` | topology | an empty map | a key `nodes` | -',
    ]],
    ['no node among the nodes', 'name: x\ntopology: {nodes: {}}\n', [
      '2:19 error: `nodes` cannot be an empty map | topology.nodes | an empty map | a map of at least one node | -',
    ]],
    ['a list of nodes and a map of links', 'name: x\ntopology: {nodes: [a, b], links: {}}\n', [
      '2:19 error: `nodes` is of the wrong type | topology.nodes | a list of 2 | a map of at least one node | -',
      '2:34 error: `links` is of the wrong type | topology.links | an empty map | a list of links | -',
    ]],
    ['an alias bomb', BOMB, [
      '5:29 error: aliases expand this file to too many values |  | - | at most 100000 values | write out what is meant instead of nesting aliases',
    ]],
    ['an alias that holds itself', 'name: x\ntopology: &t\n  nodes: *t\n', [
      '3:10 error: the alias *t holds itself |  | *t | an alias of something that is complete before it | -',
    ]],
    ['an alias without an anchor', 'name: x\ntopology: *no\n', [
      '2:11 error: the alias *no has no anchor before it |  | *no | &no on a value above | -',
    ]],
    ['a hundred levels of brackets', `name: ${'['.repeat(100)}${']'.repeat(100)}`, [
      '1:71 error: the file is nested too deeply |  | - | at most 64 levels | -',
    ]],
    ['a binary file', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]), [
      '1:5 error: this is no text file |  | the control character 0x02 | a containerlab topology file: YAML in UTF-8 | -',
    ]],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x6e, 0]), [
      '1:1 error: this is no text file |  | bytes that are no UTF-8 | a containerlab topology file: YAML in UTF-8 | the file looks like UTF-16; save it as UTF-8',
    ]],
    ['broken UTF-8', new Uint8Array([0x6e, 0x3a, 0x0a, 0xc3, 0x28]), [
      '2:1 error: this is no text file |  | bytes that are no UTF-8 | a containerlab topology file: YAML in UTF-8 | -',
    ]],
    ['a file that is too large', new Uint8Array((4 << 20) + 1), [
      '1:1 error: the file is too large |  | 4194305 bytes | at most 4194304 bytes | -',
    ]],
    ['two documents', 'name: x\n---\nname: y\n', [
      '2:1 error: there is more than one document in this file |  | - | one topology per file | remove the `---` between them',
    ]],
    ['a list as a key', lab({ top: ['? [a]', ': b'] }), [
      '2:3 error: a key must be text |  | a list or map as key | - | -',
    ]],
  ])('%s', (_label, source, expected) => {
    expect(full(source)).toEqual(expected);
  });
});
