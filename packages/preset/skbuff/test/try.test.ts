import { it } from 'vitest';
import { createNet } from 'skbuff';
it('x', async () => {
  const net = createNet({ seed: 1, debug: true });
  const [a, b] = net.hosts('a', 'b');
  net.link(a, b);
  a.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' });
  b.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
  const skbs = net.kernel.skbs; skbs.dropMonitor = (s, r) => console.log('drop', r, net.now(), s.dev?.name);
  net.capture((b) => console.log(net.now(), b.length));
  console.log(await a.ping('10.0.0.2', {count: 2}));
  console.log(net.now(), net.close());
});
