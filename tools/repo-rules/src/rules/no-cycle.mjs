import path from 'node:path';
import { allFiles, lineOf } from '../repository.mjs';

/**
 * The first cycle through each strongly connected group, found by depth-first search.
 * @param {Map<string, Iterable<string>>} graph
 * @returns {string[][]}
 */
export function findCycles(graph) {
  /** @type {Map<string, 'open' | 'done'>} */
  const state = new Map();
  /** @type {string[]} */
  const stack = [];
  /** @type {string[][]} */
  const cycles = [];
  /** @param {string} node */
  const visit = (node) => {
    state.set(node, 'open');
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next)) continue;
      if (state.get(next) === 'open') cycles.push(stack.slice(stack.indexOf(next)));
      else if (!state.has(next)) visit(next);
    }
    stack.pop();
    state.set(node, 'done');
  };
  for (const node of graph.keys()) if (!state.has(node)) visit(node);
  return cycles;
}

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'no-cycle',
  reason: 'Modules in a circle load in an order that nobody chose and cannot be taken apart. (A type-only import is erased and counts between packages, not between files of one package.)',
  *check(repo) {
    const byName = new Map(repo.packages.map((p) => [/** @type {string} */ (p.manifest.name), p]));
    const packages = new Map(
      repo.packages.map((p) => [/** @type {string} */ (p.manifest.name), Object.keys({ ...p.manifest.dependencies, ...p.manifest.devDependencies })]),
    );
    for (const cycle of findCycles(packages)) {
      const first = /** @type {import('../repository.mjs').Package} */ (byName.get(/** @type {string} */ (cycle[0])));
      const line = lineOf(first.manifestText, `"${cycle[1] ?? cycle[0]}"`);
      yield { file: `${first.dir}/package.json`, line, message: `packages in a circle: ${[...cycle, cycle[0]].join(' → ')}`, mend: 'Move what both need into a third package below them, or join the two.' };
    }
    const files = allFiles(repo);
    const graph = new Map(
      files.map((f) => [f.path, f.imports.filter((i) => !i.typeOnly && i.specifier.startsWith('.')).map((i) => path.posix.join(path.posix.dirname(f.path), i.specifier))]),
    );
    for (const cycle of findCycles(graph)) {
      const first = /** @type {import('../repository.mjs').SourceFile} */ (files.find((f) => f.path === cycle[0]));
      const next = cycle[1] ?? cycle[0];
      const line = first.imports.find((i) => path.posix.join(path.posix.dirname(first.path), i.specifier) === next)?.line ?? 1;
      yield { file: first.path, line, message: `files in a circle: ${[...cycle, cycle[0]].join(' → ')}`, mend: 'Move what both need into a third file, or use `import type` where only a type is needed.' };
    }
  },
};
