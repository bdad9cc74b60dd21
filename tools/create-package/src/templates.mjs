/** @typedef {import('./names.mjs').Names} Names */
/** @typedef {Record<string, string>} Files by path below the package */

/** @param {Names} names @param {string} description @returns {Files} */
function manifestOf({ layer, npm }, description) {
  const manifest = {
    name: npm,
    version: '0.0.0',
    description,
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    exports: { '.': { 'skbuff-source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' } },
    files: ['dist', 'src'],
    engines: { node: '>=20.20' },
    scripts: { build: 'tsc -p tsconfig.json' },
    dependencies: layer === 'base' ? {} : { '@skbuff/core': 'workspace:^' },
  };
  const tsconfig = { extends: '../../../tsconfig.base.json', compilerOptions: { rootDir: 'src', outDir: 'dist' }, include: ['src'] };
  return { 'package.json': `${JSON.stringify(manifest, null, 2)}\n`, 'tsconfig.json': `${JSON.stringify(tsconfig, null, 2)}\n` };
}

/** @param {string} description @param {string} exported */
function index(description, exported) {
  return `/**\n * ${description}\n *\n * @packageDocumentation\n */\n${exported}`;
}

/** @param {Names} names @param {string} description @param {string} code @param {string} output */
function readme({ npm }, description, code, output) {
  return `# ${npm}\n\n${description}\n\n\`\`\`sh\nnpm install ${npm}\n\`\`\`\n\n\`\`\`ts run\n${code}\`\`\`\n\n\`\`\`text output\n${output}\n\`\`\`\n`;
}

/** A pure structure. @param {Names} names @param {string} description @returns {Files} */
function baseFiles(names, description) {
  const { name, pascal, npm } = names;
  return {
    'src/index.ts': index(description, `export { ${pascal} } from './${name}.ts';\n`),
    [`src/${name}.ts`]: `/** Counts how often something happened. */
export class ${pascal} {
  private count = 0;

  /** Counts once more. Returns how often it was called. */
  add(): number {
    return ++this.count;
  }
}
`,
    [`test/${name}.test.ts`]: `import { expect, it } from 'vitest';
import { ${pascal} } from '../src/index.ts';

it('counts what is added, each object for itself', () => {
  const one = new ${pascal}();
  const other = new ${pascal}();
  expect([one.add(), one.add(), other.add()]).toEqual([1, 2, 1]);
});
`,
    'README.md': readme(names, description, `import { ${pascal} } from '${npm}';\n\nconsole.log(new ${pascal}().add());\n`, '1'),
  };
}

/** A plugin with state for each namespace. @param {Names} names @param {string} description @returns {Files} */
function pluginFiles(names, description) {
  const { name, camel, pascal, npm } = names;
  return {
    'src/index.ts': index(description, `export { ${camel}Count, ${camel}Slot, type ${pascal}Net } from './${name}.ts';\nexport { ${camel} } from './plugin.ts';\n`),
    [`src/${name}.ts`]: `/** What ${npm} keeps for each namespace. */
import { type Net, NetSlot } from '@skbuff/core';

export interface ${pascal}Net {
  count: number;
}

export const ${camel}Slot: NetSlot<${pascal}Net> = new NetSlot('${name}');

/** Counts once more in this namespace. Returns how often it was called there. */
export function ${camel}Count(net: Net): number {
  return ++${camel}Slot.of(net).count;
}
`,
    'src/plugin.ts': `/** Registers ${npm} with a kernel. */
import type { Plugin } from '@skbuff/core';
import { ${camel}Slot } from './${name}.ts';

/** The plugin ${npm}. */
export function ${camel}(): Plugin {
  return {
    name: '${npm}',
    init: (ctx) => {
      ctx.pernetSubsys({
        name: '${name}',
        init: (net) => {
          ${camel}Slot.set(net, { count: 0 });
          return 0;
        },
        exit: (net) => ${camel}Slot.set(net, null),
      });
    },
  };
}
`,
    [`test/${name}.test.ts`]: `import { createKernel, type Net, rmmod, setupNet } from '@skbuff/core';
import { expect, it } from 'vitest';
import { ${camel}, ${camel}Count, ${camel}Slot } from '../src/index.ts';

it('counts for each namespace by itself', () => {
  const kernel = createKernel({ plugins: [${camel}()] });
  const other = setupNet(kernel) as Net;
  expect([${camel}Count(kernel.initNet), ${camel}Count(kernel.initNet), ${camel}Count(other)]).toEqual([1, 2, 1]);
  expect(kernel.shutdown()).toEqual({});
});

it('leaves nothing behind when it is unloaded', () => {
  const kernel = createKernel({ plugins: [${camel}()] });
  expect(rmmod(kernel, '${npm}')).toBe(0);
  expect(${camel}Slot.peek(kernel.initNet)).toBeNull();
  expect(kernel.shutdown()).toEqual({});
});
`,
    'README.md': readme(names, description, `import { createKernel } from '@skbuff/core';\nimport { ${camel}, ${camel}Count } from '${npm}';\n\nconst kernel = createKernel({ plugins: [${camel}()] });\nconsole.log(${camel}Count(kernel.initNet));\n`, '1'),
  };
}

/** A list of plugins, no logic. @param {Names} names @param {string} description @returns {Files} */
function presetFiles(names, description) {
  const { name, camel, npm } = names;
  return {
    'src/index.ts': index(description, `export { ${camel} } from './${name}.ts';\n`),
    [`src/${name}.ts`]: `import type { Plugin } from '@skbuff/core';

/** The plugins of ${npm}, for \`createKernel\`. */
export function ${camel}(): Plugin[] {
  return [];
}
`,
    [`test/${name}.test.ts`]: `import { createKernel, lsmod } from '@skbuff/core';
import { expect, it } from 'vitest';
import { ${camel} } from '../src/index.ts';

it('boots, and leaves nothing behind', () => {
  const plugins = ${camel}();
  const kernel = createKernel({ plugins });
  expect(lsmod(kernel).map((module) => module.name).sort()).toEqual(plugins.map((plugin) => plugin.name).sort());
  expect(kernel.shutdown()).toEqual({});
});
`,
    'README.md': readme(names, description, `import { createKernel } from '@skbuff/core';\nimport { ${camel} } from '${npm}';\n\nconst kernel = createKernel({ plugins: ${camel}() });\nconsole.log(kernel.leaks().sk_buff ?? 0);\n`, '0'),
  };
}

/** All files of a new package. @param {Names} names @returns {Files} */
export function filesOf(names) {
  const what = names.layer === 'base' ? 'A pure structure' : names.layer === 'preset' ? 'A list of plugins' : 'A plugin';
  const description = `${what} of the ${names.layer} layer: ${names.name}.`;
  const files = names.layer === 'base' ? baseFiles : names.layer === 'preset' ? presetFiles : pluginFiles;
  return { ...manifestOf(names, description), ...files(names, description) };
}
