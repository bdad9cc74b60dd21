// Runs bundles in a headless Chromium of the system.
import { existsSync } from 'node:fs';
import { format } from 'node:util';
import { chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of a Chromium, or undefined. */
export const chromiumPath = () => PLACES.find((path) => existsSync(path));

export class Browser {
  /** @param {import('playwright-core').Browser} browser */
  constructor(browser) {
    this.browser = browser;
  }

  static async open() {
    // Chromium's sandbox refuses to start as root, and nothing foreign is loaded here.
    return new Browser(await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', '--disable-dev-shm-usage'] }));
  }

  /** What a bundled page returns. @param {string} code @param {object} input @returns {Promise<Record<string, unknown>>} */
  run(code, input) {
    return this.inPage(`${code.replace(/export\s*\{\s*([\w$]+) as run\s*\};?/, 'globalThis.run = $1;')}`, 'run', (page) =>
      page.evaluate((given) => /** @type {any} */ (globalThis).run(given), input));
  }

  /** What a bundled module prints, as Node would print it. @param {string} code @returns {Promise<string>} */
  async printed(code) {
    /** @type {Promise<unknown[]>[]} */
    const lines = [];
    await this.inPage(`${code}\nglobalThis.ended = true;`, 'ended', async () => {}, (message) => {
      lines.push(Promise.all(message.args().map((arg) => arg.jsonValue())));
    });
    return (await Promise.all(lines)).map((args) => `${format(...args)}\n`).join('');
  }

  /**
   * A page with this module in it, once the global is there; rejects with what the page throws.
   * @template T
   * @param {string} content
   * @param {string} global
   * @param {(page: import('playwright-core').Page) => Promise<T>} then
   * @param {(message: import('playwright-core').ConsoleMessage) => void} [onConsole]
   * @returns {Promise<T>}
   */
  async inPage(content, global, then, onConsole) {
    const page = await this.browser.newPage();
    try {
      if (onConsole !== undefined) page.on('console', onConsole);
      const failed = new Promise((_, reject) => page.on('pageerror', reject));
      failed.catch(() => {});
      await page.addScriptTag({ type: 'module', content });
      await Promise.race([failed, page.waitForFunction((name) => name in globalThis, global)]);
      return await then(page);
    } finally {
      await page.close();
    }
  }

  close() {
    return this.browser.close();
  }
}
