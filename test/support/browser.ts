import { type Browser, chromium, type Page } from 'playwright-core';
import { findBinary } from './find-binary.ts';
import { PATIENCE_MS } from './patience.ts';

/** Nothing that a test browser does by itself may leave this machine. */
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
];

/** Debian's Chromium. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findBinary('chromium', 'chromium'),
    args: FLAGS,
    timeout: PATIENCE_MS,
  });
}

/** A page that notes the browser's complaints: errors in the console, uncaught ones, failed requests. */
export async function openPage(
  browser: Browser,
  options: { width?: number; height?: number; scheme?: 'light' | 'dark' } = {},
): Promise<{ page: Page; complaints: string[] }> {
  const { width = 1440, height = 900, scheme = 'light' } = options;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  return { page, complaints };
}
