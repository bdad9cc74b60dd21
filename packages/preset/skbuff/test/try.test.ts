import { it } from 'vitest';
import { createNet } from 'skbuff';
it('x', async () => {
  const net = createNet({ seed: 1, debug: true });
  const [a, b] = net.hosts('a', 'b');
  const r = net.router('r');
  net.link(a, r); net.link(r, b);
  a.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
  a.route.add({ to: 'default', via: '10.0.0.1' });
  r.ip`addr add 10.0.0.1/24 dev eth0`;
  r.ip`addr add 10.0.1.1/24 dev eth1`;
  b.ip`addr add 10.0.1.2/24 dev eth0`;
  b.ip`route add default via ${'10.0.1.1'}`;
  
  console.log(a.route.get('10.0.1.2'));
  try { console.log(await a.ping('10.0.1.2')); } catch (e) { console.log(String(e)); }
  try { b.ip`link set eth7 up` } catch (e) { console.log(String(e)); }
  await net.advance(5000);
  console.log(net.now(), net.close());
});
