import { z } from 'zod';
import { LeafcutterError } from '../../errors.ts';
import { endpointsOf } from './endpoint.ts';
import { textLike } from './parameter.ts';

/** A built page with everything that it loads; the names of its files contain hashes. */
export interface BuiltPage {
  readonly html: string;
  readonly assets: ReadonlyMap<string, Buffer>;
}

/** Nothing from elsewhere, nothing inline, and no frame around it: the page holds a token. */
const SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const MEDIA_TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css' };

/**
 * Only for the page's own answer: no other window holds it, no other site loads it, and it uses nothing of the
 * machine.
 */
const PAGE_HEADERS = {
  'Content-Security-Policy': SECURITY_POLICY,
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
} as const;

const AT_ONCE = { howOften: 'not bounded', howLarge: 'files in memory', makes: 'none', howLong: 'at once' };
const endpoint = endpointsOf<{ readonly page: BuiltPage | undefined }, never>();

/** A page at `/`, and what it loads below `/assets`; all of it from memory, and to everyone: it holds no data. */
export const PAGE_ENDPOINTS = [
  endpoint({
    at: 'GET /',
    summary: 'A live page for people. Missing if it was not built.',
    media: { 'text/html': z.string() },
    errors: ['NOT_FOUND'],
    limits: AT_ONCE,
    handle({ page }, _asked, { response }) {
      if (page === undefined)
        throw new LeafcutterError('NOT_FOUND', 'The page has not been built; run npm run build.');
      response.set(PAGE_HEADERS).type('html').send(page.html);
    },
  }),
  endpoint({
    at: 'GET /assets/{file}',
    summary: 'Files that the page loads.',
    path: { file: textLike(z.string()) },
    media: { 'text/javascript': z.string(), 'text/css': z.string() },
    errors: ['NOT_FOUND'],
    limits: AT_ONCE,
    handle({ page }, { path: { file } }, { response }) {
      const content = page?.assets.get(file);
      if (content === undefined) throw new LeafcutterError('NOT_FOUND', 'There is no such file.');
      response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
      response.type(MEDIA_TYPES[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream').send(content);
    },
  }),
];
