import type { CommandEnv } from '@skbuff/command';
import { describe, expect, it } from 'vitest';
import { parseConfig, type RaConfig } from '../src/index.ts';
import { Log } from '../src/log.ts';

function parse(text: string): { readonly configs: RaConfig[] | null; readonly said: string } {
  let said = '';
  const env = { stderr: (line: string) => void (said += line) } as unknown as CommandEnv;
  const configs = parseConfig(text, 'f', new Log(env, 'stderr_clean', 0));
  return { configs, said };
}

describe('parseConfig', () => {
  it('reads interfaces, the last one first', () => {
    expect(parse('interface a { };\n# and\ninterface b { AdvSendAdvert on; };').configs?.map(({ name, sendAdvert }) => [name, sendAdvert])).toEqual([['b', true], ['a', false]]);
  });

  it('takes defaults of routes and servers from the interval that was read before them', () => {
    const config = parse('interface a { route 1::/64 { }; RDNSS 1:: { }; MaxRtrAdvInterval 10.5; route 2::/64 { }; RDNSS 2:: { }; DNSSL x { }; };').configs?.[0];
    expect(config?.routes.map(({ lifetime }) => lifetime)).toEqual([1800, 31]);
    expect(config?.rdnss.map(({ lifetime }) => lifetime)).toEqual([600, 10]);
    expect(config?.dnssl[0]?.lifetime).toBe(10);
    expect([config?.min.toFixed(3), config?.lifetime, config?.homeLifetime]).toEqual(['3.465', 31, 31]);
  });

  it.each([
    ['', 'f:1 error: syntax error\n'],
    ['interface a {\n Foo on; };', 'f:2 error: syntax error\n'],
    ['interface a { };\ninterface a { };', 'duplicate interface definition for a\n'],
    ['interface a { prefix 1::/129 ', 'invalid prefix length in f, line 1\n'],
    ['interface a {\n\nprefix 1::/64 { AdvValidLifetime 5; }; };', 'AdvValidLifeTime must be greater than AdvPreferredLifetime in f, line 3\n'],
    ['interface a { RDNSS 1:: 2:: 3:: 4:: { }; };', 'too many addresses in RDNSS section\n'],
    ['interface a { RDNSS ::1 { }; };', 'f:1 error: syntax error\n'],
    ['interface a { DNSSL b_c { }; };', 'invalid domain suffix specified\n'],
  ])('refuses %j', (text, said) => {
    expect(parse(text)).toEqual({ configs: null, said });
  });

  it('takes a name of 15 characters, and a word with every sign', () => {
    expect(parse('interface verylonginterfacename { }; interface a~!@%^&*()+=[]<>,.?\\ { };').configs?.map(({ name }) => name)).toEqual(['a~!@%^&*()+=[]<', 'verylonginterfa']);
  });
});
