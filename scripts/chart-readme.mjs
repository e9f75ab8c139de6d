/** deploy/helm/leafcutter/README.md: the values, as values.yaml has them with their comments. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const HEAD = `# The Helm chart of Leafcutter

<!-- Generated from values.yaml; a test fails when it differs. -->

This chart runs Leafcutter, which hands out unique 64-bit IDs: coordinators, which use your MySQL and Redis, and agents, which answer from
memory. You need Kubernetes 1.30 or newer, and must create the Secrets first.

\`\`\`sh
helm install leafcutter ./leafcutter -n leafcutter --set image.repository=registry.example/leafcutter
helm test leafcutter -n leafcutter --logs
\`\`\`

Values that aren't listed here are refused. If an agent's value has no description, the one of the same coordinator value applies.

| Value | Default | What it does |
|---|---|---|
`;

/** @param {string} root folder of the repository */
export function chartReadme(root) {
  const rows = valuesOf(readFileSync(join(root, 'deploy/helm/leafcutter/values.yaml'), 'utf8'));
  const cell = (text) => text.replaceAll('|', '\\|');
  const lines = rows
    .filter(({ value, comment }) => value !== '' || comment !== '')
    .map(
      ({ key, value, comment }) =>
        `| \`${key}\` | ${value === '' ? '' : `\`${cell(value)}\``} | ${cell(comment)} |\n`,
    );
  return HEAD + lines.join('');
}

/** Every key with what stands above it; it reads the YAML of that one file: comments, keys, and lists of one line an item. */
function valuesOf(text) {
  const rows = [];
  const path = [];
  let comment = [];
  for (const line of text.split('\n')) {
    const rest = line.trimStart();
    if (rest === '') comment = [];
    else if (rest.startsWith('# ')) comment.push(rest.slice(2));
    else if (rest.startsWith('- ')) rows.at(-1).value = `${rows.at(-1).value} ${rest}`.trim();
    else {
      const [, key, value] = /^(\w+):\s*(.*)$/.exec(rest);
      path.length = (line.length - rest.length) / 2;
      path.push(key);
      rows.push({ key: path.join('.'), value, comment: comment.join(' ') });
      comment = [];
    }
  }
  return rows;
}
