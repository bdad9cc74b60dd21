import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { readRepository } from '../../repo-rules/src/repository.mjs';
import { ROOT, capture, pnpmCommand } from '../../run.mjs';

/** @typedef {{ name: string, dir: string, tarball: string }} Packed */

/** Every package that is not private, as the tarball that the registry would get. @param {string} into @returns {Packed[]} */
export function packAll(into) {
  const packages = readRepository(ROOT).packages.filter((pkg) => pkg.manifest.private !== true);
  const filters = packages.flatMap((pkg) => ['--filter', `./${pkg.dir}`]);
  const { ok, output } = capture([...pnpmCommand(), ...filters, '--recursive', 'pack', '--pack-destination', into]);
  if (!ok) throw new Error(`pnpm pack failed:\n${output}`);
  const tarballs = readdirSync(into);
  return packages.map((pkg) => {
    const name = String(pkg.manifest.name);
    const file = `${name.replace('@', '').replace('/', '-')}-${String(pkg.manifest.version)}.tgz`;
    if (!tarballs.includes(file)) throw new Error(`${name} was not packed as ${file}`);
    return { name, dir: pkg.dir, tarball: path.join(into, file) };
  });
}

/** @param {Packed} packed */
export function readTarball(packed) {
  const bytes = readFileSync(packed.tarball);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
