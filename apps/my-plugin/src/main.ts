/** Two hosts with the plugin and a router without it: `npm run build && node apps/my-plugin/dist/main.js`. */
import { inetPton4 } from '@skbuff/wire';
import { createNet, linux } from 'skbuff';
import { shout, shoutNet, shoutSend } from './shout.ts';

/** What came back when h1 shouted at h2 through r1, and how many SHOUT packets each host saw. */
export async function demo(): Promise<{ heard: readonly string[]; seen: Record<string, number>; leaks: Record<string, number> }> {
  const net = createNet({ plugins: [...linux(), shout()] });
  const h1 = net.host('h1');
  const r1 = net.router('r1');
  const h2 = net.host('h2');
  net.link(h1, r1);
  net.link(r1, h2);
  h1.addr.add({ dev: 'eth0', cidr: '10.0.1.2/24' });
  r1.addr.add({ dev: 'eth0', cidr: '10.0.1.1/24' });
  r1.addr.add({ dev: 'eth1', cidr: '10.0.2.1/24' });
  h2.addr.add({ dev: 'eth0', cidr: '10.0.2.2/24' });
  h1.route.add({ to: 'default', via: '10.0.1.1' });
  h2.route.add({ to: 'default', via: '10.0.2.1' });
  shoutSend(h1.ns, inetPton4('10.0.2.2'), 'hello there');
  await net.advance(1000);
  const heard = [...shoutNet.of(h1.ns).heard];
  const seen = Object.fromEntries([h1, r1, h2].map((host) => [host.name, shoutNet.of(host.ns).seen]));
  return { heard, seen, leaks: net.close() };
}

if (process.argv[1] === import.meta.filename) {
  const { heard, seen } = await demo();
  console.log(`h1 heard: ${heard.join(', ')}`);
  console.log(`SHOUT packets seen: ${Object.entries(seen).map(([name, n]) => `${name} ${n}`).join(', ')}`);
}
