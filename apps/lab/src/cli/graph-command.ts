/** `skbuff graph`. */
import { graphOf } from '../graph/model.ts';
import { graphToMermaid } from '../graph/mermaid.ts';
import { graphToSvg } from '../graph/svg.ts';
import { virtualLab, readLab } from './virtual-lab.ts';

export interface GraphOptions {
  readonly format: 'mermaid' | 'svg';
  readonly seed?: number;
}

/** The exit code: 0, or 2 for a file that cannot be run: the addresses are those of the running lab. */
export async function graphCommand(file: string, options: GraphOptions): Promise<number> {
  const topology = readLab(file);
  const host = topology === null ? null : await virtualLab(topology, options);
  if (topology === null || host === null) return 2;
  const graph = graphOf(topology, (node) => host.addressesOf(node), (node) => host.forwards(node));
  host.close();
  process.stdout.write(options.format === 'svg' ? graphToSvg(graph) : graphToMermaid(graph));
  return 0;
}
