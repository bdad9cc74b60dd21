import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleForBrowser } from '../lib/bundle.mjs';
import { Browser, chromiumPath } from '../lib/chromium.mjs';
import { nodeGlobals } from '../lib/globals.mjs';
import { HERE, printedInNode, ROOT, runPageInNode } from '../lib/node.mjs';
import { toldOf } from '../lib/readme.mjs';
import { BUNDLES, sizeOf, type Size } from '../lib/sizes.mjs';

const possible = chromiumPath() !== undefined;
if (!possible) console.warn('no Chromium is installed: what runs in a browser SKIPPED');

const QUICK_START = 'apps/lab/examples/quick-start.clab.yml';
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
/** Made once. */
const sizes: Map<string, Size> = new Map();
const bundle = async (page: string): Promise<string> => sizes.get(BUNDLES.find(([, file]) => file === page)?.[0] ?? '')?.code ?? (await bundleForBrowser(path.join(HERE, page))).code;
/** The first example of a README that runs. */
const sampleOf = (readme: string): string => /^```ts run\n(.*?)^```/ms.exec(read(readme))?.[1] ?? '';

beforeAll(async () => {
  for (const [name] of BUNDLES) sizes.set(name, await sizeOf(name));
}, 60_000);

describe.skipIf(!possible)('in headless Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await Browser.open();
  });
  afterAll(() => browser.close());

  it.each(['README.md', 'packages/preset/skbuff/README.md'])('the sample of %s prints what it prints in Node', async (readme) => {
    const code = sampleOf(readme);
    const printed = await browser.printed((await bundleForBrowser(path.join(HERE, 'readme.mjs'), { code })).code);
    expect(printed).toContain('10.0.0.2');
    expect(printed).toBe(printedInNode(code));
  });

  it('the sample is the same run as in Node: output, time, and each byte of the capture', async () => {
    const code = await bundle('pages/sample.mjs');
    const results = [];
    for (const seed of [1, 2]) {
      const result = await browser.run(code, { seed });
      expect(result).toEqual(runPageInNode('pages/sample.mjs', { seed }));
      expect(result['leaks']).toEqual({});
      results.push(result);
    }
    expect(results[0]).not.toEqual(results[1]);
  });

  it.each(['pages/minimal.mjs', 'pages/ping-socket.mjs'])('%s answers as in Node', async (page) => {
    const result = await browser.run(await bundle(page), {});
    expect(result).toEqual(runPageInNode(page, {}));
    expect(result['leaks']).toEqual({});
  });

  it('the quick-start lab gives the report and the captures that `skbuff test` gives', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'skbuff-browser-'));
    try {
      const command = (...options: string[]): string =>
        spawnSync(process.execPath, ['apps/lab/dist/main.js', 'test', QUICK_START, '--pcap', directory, ...options], { cwd: ROOT, encoding: 'utf8' }).stdout.replaceAll(`${directory}/`, '');
      const code = await bundle('pages/lab.mjs');
      const input = { file: QUICK_START, source: read(QUICK_START) };
      const result = await browser.run(code, input);
      expect(result['printed']).toBe(command('--verbose'));
      expect(result['json']).toBe(command('--json'));
      const files = Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(path.join(directory, name)).toString('hex')]));
      expect(Object.keys(files)).toHaveLength(4);
      expect(result['captures']).toEqual(files);
      expect(result['leaks']).toEqual({});
      const refused = { file: 'bad.yml', source: 'name: x\ntopology: {nodes: {a: {kind: lunix}}}\nexpect: [{reach: {from: b, to: 1.2.3}}]\n' };
      expect(await browser.run(code, refused)).toEqual(runPageInNode('pages/lab.mjs', refused));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('a bundle for a browser', () => {
  it.each(BUNDLES.map(([name]) => name))('of %s uses nothing that only Node has', (name) => {
    expect(nodeGlobals(sizes.get(name)?.code ?? 'process')).toEqual([]);
  });
  it.each(BUNDLES.map(([name]) => name))('of %s is as large as README.md says, within a tenth', (name) => {
    const told = toldOf(read('README.md'), name);
    const { minified, compressed } = sizes.get(name) as Size;
    expect(told, '`npm run bundle-size -- --readme` writes it').toBeDefined();
    expect(Math.abs(minified / (told?.minified ?? 1) - 1)).toBeLessThan(0.1);
    expect(Math.abs(compressed / (told?.compressed ?? 1) - 1)).toBeLessThan(0.1);
  });
  it('with a stack that answers pings takes less than 100 kB minified', () => {
    const [[name]] = BUNDLES;
    expect(sizes.get(name)?.minified).toBeLessThan(100_000);
  });
  it('with a stack that answers pings holds no netlink, sysctl or /proc', () => {
    const [[name]] = BUNDLES;
    const parts = sizes.get(name)?.parts.map(([part]) => part) ?? [];
    expect(parts).toContain('packages/core');
    expect(parts.filter((part) => part.startsWith('packages/control'))).toEqual([]);
  });
  it('is refused when a browser could not resolve all of it', async () => {
    await expect(bundleForBrowser(path.join(HERE, 'x.mjs'), { code: "import { readFileSync } from 'node:fs'; console.log(readFileSync);" })).rejects.toThrow(/node:fs/);
    await expect(bundleForBrowser(path.join(HERE, 'x.mjs'), { code: "import x from 'there-is-no-such-package'; console.log(x);" })).rejects.toThrow(/there-is-no-such-package/);
  });
  it('is known to use Node when it does', () => {
    expect(nodeGlobals('export const x = Buffer.from("a"); function f(process) { return process; } f(typeof setImmediate);')).toEqual(['Buffer', 'setImmediate']);
  });
});
