import { Empty } from '../parts/basics.tsx';
import { useTitle } from '../use-title.ts';

/** What an address that names no page shows. */
export function NotFoundPage() {
  useTitle('No such page');
  return (
    <main id="main" tabIndex={-1}>
      <h1>No such page</h1>
      <Empty>
        Nothing in this console has the address <code>{location.hash}</code>. <a href="#/">Go to the fleet</a>
      </Empty>
    </main>
  );
}
