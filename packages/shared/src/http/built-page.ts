import { LeafcutterError } from '../errors.ts';
import type { ServiceApp } from './service-app.ts';

/** A page as it was built, with everything that it loads; the names of its files carry hashes. */
export interface BuiltPage {
  readonly html: string;
  readonly assets: ReadonlyMap<string, Buffer>;
}

/** Nothing from elsewhere, nothing inline, and in nobody's frame: the page holds a token. */
const SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const MEDIA_TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css' };

/** Of the page's answer alone: no other window holds it, no other site loads it, and it asks for nothing of the machine. */
const PAGE_HEADERS = {
  'Content-Security-Policy': SECURITY_POLICY,
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
} as const;

/** Serves a page at `/`, and what it loads below `/assets`; all of it from memory, and to everyone: it holds no data. */
export function addPage(app: ServiceApp, page: BuiltPage | undefined): void {
  app.route('/', {
    GET(_request, response) {
      if (page === undefined)
        throw new LeafcutterError('NOT_FOUND', 'The page is not built here; npm run build makes it.');
      response.set(PAGE_HEADERS).type('html').send(page.html);
    },
  });
  app.route('/assets/:file', {
    GET(request, response) {
      const name = String(request.params.file);
      const content = page?.assets.get(name);
      if (content === undefined) throw new LeafcutterError('NOT_FOUND', 'There is no such file.');
      response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
      response.type(MEDIA_TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream').send(content);
    },
  });
}
