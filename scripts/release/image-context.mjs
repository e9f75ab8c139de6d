/** What an image is built from where there is no checkout: the program, and the last stage of our Dockerfile. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { entriesOf } from './tarball.mjs';

const BUILT = '--from=build /app/program';

/**
 * @param {{ root: string, commit: string }} of
 * @param {string} program the folder of the package `leafcutter`
 * @returns {import('./tarball.mjs').Entry[]}
 */
export function imageContext({ root, commit }, program) {
  const read = (file) => readFileSync(join(root, 'deploy', file), 'utf8');
  const [head, ...stages] = read('Dockerfile').split(/^(?=FROM )/m);
  const last = stages.at(-1);
  if (!last.includes(BUILT)) throw new Error('The Dockerfile takes the program from elsewhere now');
  const base = /^ARG NODE_IMAGE=.*$/m.exec(head)[0];
  const stage = last.replace(BUILT, 'program').replace('REVISION=unknown', `REVISION="${commit}"`);
  const file = (name, text) => ({ name, content: Buffer.from(text), mode: 0o644 });
  return [
    file('Dockerfile', `${base}\n${stage}`),
    file('deploy/healthcheck.mjs', read('healthcheck.mjs')),
    ...entriesOf(program, 'program/'),
  ];
}
