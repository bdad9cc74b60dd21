import type { GraphEnd, LabGraph } from './model.ts';

/** mermaid reads HTML and its own entities: whatever is not plain becomes a character code. */
function text(value: string): string {
  return value.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd').replace(/[#;<>"'`{}|\\&%[\]()]/g, (c) => `#${c.codePointAt(0)};`);
}

const endLines = ({ interface: dev, addresses }: GraphEnd): string[] => (dev === '' ? [] : [[dev, ...addresses].join(' ')]);

/** The lab as a flowchart of mermaid, with a line feed at its end. Names are quoted: no name of a node or an interface can break it. */
export function graphToMermaid({ nodes, links }: LabGraph): string {
  const shapes = { node: ['["', '"]'], router: ['(["', '"])'], stub: ['>"', '"]'] } as const;
  const lines = nodes.map(({ name, kind }, i) => `  n${i}${shapes[kind][0]}${text(name)}${shapes[kind][1]}`);
  for (const { a, b, label } of links) {
    const words = [...endLines(a), ...(label === '' ? [] : [label]), ...endLines(b)].map(text).join('<br/>');
    lines.push(`  n${a.node} ---|"${words}"| n${b.node}`);
  }
  return `${['flowchart LR', ...lines].join('\n')}\n`;
}
