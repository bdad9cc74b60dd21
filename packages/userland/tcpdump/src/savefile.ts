/** Files of either format, one packet after the other. */
import { type PcapError, type PcapPacket, PcapReader, dltOfLinktype } from '@skbuff/pcap';
import { readPcapng } from '@skbuff/pcapng';
import { type CommandEnv, readStdin } from '@skbuff/command';
import { strerror } from '@skbuff/uapi';
import { failure } from './messages.ts';

export interface PacketSource {
  readonly dlt: number;
  readonly snaplen: number;
  next(): PcapPacket | PcapError | null;
}

/** Section header of pcapng. */
const PCAPNG = [0x0a, 0x0d, 0x0d, 0x0a];

/** `-` is standard input. */
export async function openSavefile(env: CommandEnv, path: string): Promise<PacketSource> {
  const bytes = path === '-' ? await readStdin(env) : env.readBytes(path);
  if (typeof bytes === 'number') failure(`${path}: ${strerror(bytes)}`);
  if (PCAPNG.every((b, i) => bytes[i] === b)) return openPcapng(bytes);
  const reader = PcapReader.open(bytes);
  return 'error' in reader ? failure(reader.error) : reader;
}

function openPcapng(bytes: Uint8Array): PacketSource {
  const file = readPcapng(bytes);
  const first = file?.interfaces[0];
  if (file === null || first === undefined) failure('the capture file has no Interface Description Blocks');
  let at = 0;
  return {
    dlt: dltOfLinktype(first.linkType),
    snaplen: first.snaplen === 0 ? 262144 : first.snaplen,
    next: () => {
      const packet = file.packets[at++];
      return packet === undefined ? null : { time: packet.time, bytes: packet.bytes, originalLength: packet.originalLength };
    },
  };
}
