/** `skbuff explain`. */
import { arrived, explanationToJson, explanationToMermaid, formatPacketError, PacketSyntaxError, parsePacket, renderExplanation } from '@skbuff/explain';
import { SysError } from 'skbuff';
import { runSchedule } from '../lab/schedule.ts';
import { paintFor } from '../report/colors.ts';
import { complain, hasNode, virtualLab, readLab } from './virtual-lab.ts';

export interface ExplainOptions {
  readonly node: string;
  /** Nanoseconds after the lab is up. */
  readonly at?: number;
  readonly seed?: number;
  readonly json?: boolean;
  readonly mermaid?: boolean;
}

/** The exit code: 0 the packet arrives, 1 it does not, 2 the question cannot be asked. */
export async function explainCommand(file: string, packet: string, options: ExplainOptions): Promise<number> {
  if (!isPacket(packet)) return 2;
  const topology = readLab(file);
  if (topology === null || !hasNode(topology, options.node)) return 2;
  const host = await virtualLab(topology, options);
  if (host === null) return 2;
  const up = host.now();
  const schedule = runSchedule(host, topology.links, up);
  try {
    await host.runUntil(up + (options.at ?? 0));
    schedule.stop();
    // The lab was made for this one packet.
    const explanation = await host.explain(options.node, packet, true);
    const text = options.json === true ? explanationToJson(explanation) : options.mermaid === true ? explanationToMermaid(explanation) : renderExplanation(explanation, paintFor(process.stdout, process.env));
    process.stdout.write(text);
    return arrived(explanation) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    complain(`skbuff: ${error.message}\n   expected: ${host.interfacesOf(options.node).join(', ')}`);
    return 2;
  } finally {
    host.close();
  }
}

function isPacket(text: string): boolean {
  try {
    parsePacket(text);
    return true;
  } catch (error) {
    if (!(error instanceof PacketSyntaxError)) throw error;
    complain(formatPacketError(error));
    return false;
  }
}
