import type { Service } from './service.ts';

/** The sum of a metric over its labels and over services; 0 if it was never counted. */
export async function metric(name: string, ...services: Service[]): Promise<number> {
  const texts = await Promise.all(
    services.map(async ({ url }) => (await fetch(`${url}/metrics`, { keepalive: false })).text()),
  );
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
