/** HTTP/1: the lines of its header. */
import type { Ndo } from './ndo.ts';

const FIRST = /^(?:GET|PUT|COPY|HEAD|LOCK|MOVE|POLL|POST|BCOPY|BMOVE|MKCOL|TRACE|LABEL|MERGE|DELETE|SEARCH|UNLOCK|REPORT|UPDATE|NOTIFY|BDELETE|CONNECT|OPTIONS|CHECKIN|PROPFIND|CHECKOUT|CCM_POST|SUBSCRIBE|PROPPATCH|BPROPFIND|BPROPPATCH|UNCHECKOUT|MKACTIVITY|MKWORKSPACE|UNSUBSCRIBE|RPC_CONNECT|VERSION-CONTROL|BASELINE-CONTROL) |^HTTP\//;

export function httpPrint(ndo: Ndo, at: number, length: number): void {
  ndo.print(': HTTP');
  const text = String.fromCharCode(...ndo.buf.subarray(at, Math.min(at + length, ndo.snapend)));
  const lines = text.split('\r\n');
  if (!FIRST.test(text)) return;
  if (ndo.options.vflag === 0) {
    ndo.print(`: ${lines[0]}`);
    return;
  }
  ndo.print(`, length: ${length}`);
  const end = lines.indexOf('');
  for (const line of lines.slice(0, end < 0 ? lines.length : end + 1)) ndo.print(`\n\t${line}`);
}
