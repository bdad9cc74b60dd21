/** `inetsw6`: which protocols AF_INET6 offers. */
import type { Inetsw } from '@skbuff/af-inet';
import { type Token, token } from '@skbuff/core';

/** The service under which protocols find the table of AF_INET6. */
export const INETSW6: Token<Inetsw> = token<Inetsw>('INETSW6');
