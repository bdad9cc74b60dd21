/** An IP address as text; a zone (`%eth0`) may stand behind one of IPv6. */
import { AF_INET, AF_INET6 } from '@skbuff/uapi';
import { inetPton } from '@skbuff/wire';

export function isAddress(text: string): boolean {
  const [, address = ''] = /^([^%]+)(?:%[\w.:-]+)?$/.exec(text) ?? [];
  return inetPton(AF_INET, text) !== null || inetPton(AF_INET6, address) !== null;
}
