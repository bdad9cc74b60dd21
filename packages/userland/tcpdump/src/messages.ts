/** What is said when something is wrong, and how the command ends. */

/** Ends the command: text for standard error, and the status. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly status: number;

  constructor(text: string, status = 1) {
    super(text);
    this.status = status;
  }
}

export function failure(text: string): never {
  throw new Failure(`tcpdump: ${text}\n`);
}

export const VERSION: string = 'tcpdump version 4.99.3\nlibpcap version 1.10.3 (with TPACKET_V3)\n';

export const USAGE: string = `${VERSION}Usage: tcpdump [-AbdDefhHIJKlLnNOpqStuUvxX#] [ -B size ] [ -c count ] [--count]
\t\t[ -C file_size ] [ -E algo:secret ] [ -F file ] [ -G seconds ]
\t\t[ -i interface ] [ --immediate-mode ] [ -j tstamptype ]
\t\t[ -M secret ] [ --number ] [ --print ] [ -Q in|out|inout ]
\t\t[ -r file ] [ -s snaplen ] [ -T type ] [ --version ]
\t\t[ -V file ] [ -w file ] [ -W filecount ] [ -y datalinktype ]
\t\t[ --time-stamp-precision precision ] [ --micro ] [ --nano ]
\t\t[ -z postrotate-command ] [ -Z user ] [ expression ]
`;

/** The usage, behind what getopt(3) said. */
export function usageError(text?: string): never {
  throw new Failure(text === undefined ? USAGE : `tcpdump: ${text}\n${USAGE}`);
}
