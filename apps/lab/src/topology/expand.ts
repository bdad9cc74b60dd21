/** Variables of the caller's environment, for `${NAME}` in a topology file. */
export type Env = Readonly<Record<string, string | undefined>>;

const VARIABLE = /\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-=])([^{}]*))?\})/g;

function lookup(env: Env, name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}

/**
 * Replaces `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:=default}`, `${NAME-default}` as containerlab does when it reads a
 * file: a variable that is not set and has no default stays as it is written, so that a shell in an exec line still sees it.
 */
export function expandEnv(text: string, env: Env): string {
  if (!text.includes('$')) return text;
  return text.replace(VARIABLE, (whole: string, bare?: string, braced?: string, operator?: string, fallback?: string) => {
    const value = lookup(env, bare ?? braced ?? '');
    if (value !== undefined && (value !== '' || operator?.startsWith(':') !== true)) return value;
    return fallback ?? whole;
  });
}

/** containerlab's magic variables. Its lab directory is `clab-<lab name>`; nothing is ever written there by skbuff. */
export function expandMagic(text: string, lab: string, node: string): string {
  if (!text.includes('__clab')) return text;
  return text
    .replaceAll('__clabNodeName__', node)
    .replaceAll('__clabNodeDir__', `clab-${lab}/${node}`)
    .replaceAll('__clabDir__', `clab-${lab}`);
}
