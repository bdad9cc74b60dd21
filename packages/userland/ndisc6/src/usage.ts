/** Texts that the programs print about themselves. */

const OPTIONS = `  -1, --single     display first response and exit
  -d, --no-solicit don't send any solicitation messages
  -h, --help       display this help and exit
  -m, --multiple   wait and display all responses
  -n, --numeric    don't resolve host names
  -q, --quiet      only print the % (mainly for scripts)
  -r, --retry      maximum number of attempts (default: 3)
  -s, --source     specify source IPv6 address
  -V, --version    display program version and exit
  -v, --verbose    verbose display (this is the default)
  -w, --wait       how long to wait for a response [ms] (default: 1000)

`;

/** `-h`: what the program named `name` takes, does, and prints with -q. */
export function usage(name: string, words: string, purpose: string, quiet: string): string {
  return `Usage: ${name} [options] ${words}\n${purpose}\n\n${OPTIONS.replace('%', quiet)}`;
}

/** `-V` */
export const VERSION = `ndisc6: IPv6 Neighbor/Router Discovery userland tool 1.0.5 ($Rev$)
Written by Remi Denis-Courmont

Copyright (C) 2004-2007 Remi Denis-Courmont
This is free software; see the source for copying conditions.
There is NO warranty; not even for MERCHANTABILITY or
FITNESS FOR A PARTICULAR PURPOSE.

`;
