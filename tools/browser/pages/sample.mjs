// The sample of the README with a capture: what the network did, for Node and the browser to agree on.
import { createNet } from 'skbuff';

/** @param {{ seed: number }} input */
export async function run({ seed }) {
  const net = createNet({ seed });
  const [a, b] = net.hosts('a', 'b');
  net.link(a, b);
  /** @type {number[]} */
  const file = [];
  net.capture((bytes) => file.push(...bytes));
  a.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' });
  b.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
  const { stdout } = await a.run('ping -c 3 10.0.0.2');
  const neighbours = a.ip`neigh`;
  const virtualTimeNs = net.now();
  return { printed: stdout + neighbours, virtualTimeNs, captures: { 'sample.pcapng': hex(Uint8Array.from(file)) }, leaks: net.close() };
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
