import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const COMMITTED = join(import.meta.dirname, '..', '..', 'packages', 'agent', 'src', 'generated');

let fresh = '';

beforeAll(async () => {
  fresh = mkdtempSync(join(tmpdir(), 'leafcutter-types-'));
  // A variable: TypeScript is not to look for types of a script.
  const script = '../../scripts/grpc-types.mjs';
  const { writeGrpcTypes } = (await import(script)) as { writeGrpcTypes(folder: string): string | undefined };
  expect(writeGrpcTypes(fresh)).toBeUndefined();
});

afterAll(() => rmSync(fresh, { recursive: true, force: true }));

test('the types of the gRPC messages are what the proto files make (else: npm run build)', () => {
  expect(files(fresh).length).toBeGreaterThan(20);
  expect(files(COMMITTED)).toEqual(files(fresh));
  for (const file of files(fresh)) {
    expect({ file, text: readFileSync(join(COMMITTED, file), 'utf8') }).toEqual({
      file,
      text: readFileSync(join(fresh, file), 'utf8'),
    });
  }
});

function files(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .sort();
}
