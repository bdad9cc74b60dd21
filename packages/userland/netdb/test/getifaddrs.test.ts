/** What getifaddrs(3) makes of the kernel's answer. */
import { IfAddrMsg, type NetlinkPort, NlMsgBuilder, nlmsgAll } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { In6Addr, in6Pton } from '@skbuff/wire';
import { expect, it } from 'vitest';
import { getifaddrs6, type NetlinkOpener } from '../src/index.ts';

const bytesOf = (text: string): Uint8Array => {
  const bytes = new Uint8Array(16);
  (in6Pton(text) as In6Addr).store(bytes, 0);
  return bytes;
};

/** A message about one address. */
function newAddr(b: NlMsgBuilder, index: number, attrs: readonly (readonly [number, string])[]): void {
  const nlh = b.nlmsgPut(U.RTM_NEWADDR, U.NLM_F_MULTI, 1, 0, IfAddrMsg.of({ family: U.AF_INET6, index }));
  for (const [type, text] of attrs) b.nlaPut(type, bytesOf(text));
  b.nlmsgEnd(nlh);
}

/** A kernel that answers every request with these datagrams, and what it was asked. */
function kernel(...answers: readonly ((b: NlMsgBuilder) => void)[]): NetlinkOpener & { asked: number[]; closed: number } {
  const datagrams = answers.map((fill) => {
    const b = new NlMsgBuilder();
    fill(b);
    return { data: b.bytes() } as Exclude<ReturnType<NetlinkPort['recvmsg']>, number>;
  });
  const opener = {
    asked: [] as number[],
    closed: 0,
    netlink: () => ({
      sendmsg(bytes: Uint8Array) {
        for (const msg of nlmsgAll(bytes)) opener.asked.push(msg.type, msg.flags, bytes[msg.data] as number);
        return bytes.length;
      },
      recvmsg: () => datagrams.shift() ?? -U.EAGAIN,
      close: () => void opener.closed++,
    }),
  };
  return opener;
}

const done = (b: NlMsgBuilder): void => void b.nlmsgEnd(b.nlmsgPut(U.NLMSG_DONE, U.NLM_F_MULTI, 1, 0, 4));

it('dumps the IPv6 addresses, in the kernel\'s order, over several datagrams; the own one where there is a peer', () => {
  const env = kernel(
    (b) => {
      newAddr(b, 1, [[U.IFA_ADDRESS, '::1']]);
      newAddr(b, 3, [
        [U.IFA_LOCAL, '2001:db8::1'],
        [U.IFA_ADDRESS, '2001:db8::2'],
      ]);
    },
    (b) => newAddr(b, 2, [[U.IFA_ADDRESS, 'fe80::1']]),
    done,
  );
  const all = getifaddrs6(env) as { ifindex: number; addr: In6Addr }[];
  expect(all.map(({ ifindex, addr }) => `${ifindex} ${addr.toString()}`)).toEqual(['1 ::1', '3 2001:db8::1', '2 fe80::1']);
  expect(env.asked).toEqual([U.RTM_GETADDR, U.NLM_F_REQUEST | U.NLM_F_DUMP, U.AF_INET6]);
  expect(env.closed).toBe(1);
});

it('ends at an error, and tells that there is no netlink', () => {
  const refused = (b: NlMsgBuilder): void => void b.nlmsgEnd(b.nlmsgPut(U.NLMSG_ERROR, 0, 1, 0, 20));
  expect(getifaddrs6(kernel((b) => newAddr(b, 1, [[U.IFA_ADDRESS, '::1']]), refused))).toHaveLength(1);
  expect(getifaddrs6({ netlink: () => -U.EPROTONOSUPPORT })).toBe(-U.EPROTONOSUPPORT);
});
