/** What goes with a bundle of other people's work: its bill of materials, their licences, and how to use it. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { relink } from '../relink.mjs';

/** Pages for those who choose, who write an application, or who work on Leafcutter: a server has no reader for them. */
const NO_ADMIN_PAGES = new Set([
  ...['benchmarks.md', 'compatibility.md', 'faq.md', 'migrate-from-uuid.md', 'topologies.md'],
  ...['carrying-ids.md', 'client-examples.md', 'clients.md'],
  ...['public-surface.md', 'releasing.md', 'threat-model.md'],
]);

/** Licences that ask for nothing but their own text. */
const PERMISSIVE = new Set([
  ...['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'MIT-0'],
]);

/** In brackets, nothing but tests that prove what was said: who has the package does not have them. */
const PROOFS = /\s+\((?:(?:[a-z]+: )?\[(?:test|control)\]\([^()\s]+(?:\s+"[^"]*")?\)(?:[,;]\s+)?)+\)/g;

/** Writes all of it into a folder. @param {readonly import('./components.mjs').Component[]} components */
export function writePapers({ root, version, time }, components, folder) {
  const { license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  mkdirSync(join(folder, 'docs'), { recursive: true });
  const own = { name: 'leafcutter', version, license };
  writeFileSync(join(folder, 'sbom.cdx.json'), billOfMaterials(own, components, time));
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES.txt'), notices(components));
  cpSync(join(root, 'packages/cli/README.md'), join(folder, 'README.md'));
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const isPacked = (page) => page.endsWith('.md') && !NO_ADMIN_PAGES.has(page);
  for (const page of readdirSync(join(root, 'docs')).filter(isPacked)) {
    const text = readFileSync(join(root, 'docs', page), 'utf8').replaceAll(PROOFS, '');
    const isBeside = (path) => !path.includes('/') && isPacked(path);
    writeFileSync(
      join(folder, 'docs', page),
      relink(text, (path) => (isBeside(path) ? path : undefined)),
    );
  }
}

/** A CycloneDX bill of materials. */
function billOfMaterials({ name, version, license }, components, time) {
  const purl = (of) => `pkg:npm/${of.name.replace('@', '%40')}@${of.version}`;
  const reference = (of) => ({ 'bom-ref': purl(of), name: of.name, version: of.version, purl: purl(of) });
  const licences = (text) => [/[ (]/.test(text) ? { expression: text } : { license: { id: text } }];
  const own = { name, version };
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: new Date(time * 1_000).toISOString(),
      component: { type: 'application', ...reference(own), licenses: licences(license) },
    },
    components: components.map((of) => ({
      type: 'library',
      ...reference(of),
      licenses: licences(of.license),
    })),
    dependencies: [{ ref: purl(own), dependsOn: components.map(purl) }],
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

/** The licences of all components, each text once. */
function notices(components) {
  const byText = Map.groupBy(
    components,
    ({ license, text }) => text || `Licensed under ${license}; the package holds no text.`,
  );
  const sections = [...byText].map(([text, of]) => {
    const names = of.map(({ name, version, license }) => `${name} ${version} (${license})`);
    return `${names.join('\n')}\n\n${text}\n`;
  });
  return ['Leafcutter holds the work of others, under these licences:\n', ...sections].join(
    `\n${'-'.repeat(79)}\n\n`,
  );
}

/** Components whose licence is none that we may pass on. */
export function unfit(components) {
  return components.filter(
    ({ license }) =>
      !license
        .replace(/[()]/g, '')
        .split(/ OR /)
        .some((one) => PERMISSIVE.has(one)),
  );
}
