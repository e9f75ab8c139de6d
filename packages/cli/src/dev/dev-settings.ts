import { textList } from '@leafcutter/shared/config/list-kinds';
import { address, path, text } from '@leafcutter/shared/config/setting-kinds';
import { settings } from '@leafcutter/shared/config/settings';
import { opaqueKeys } from '@leafcutter/shared/opaque-settings';
import { NEW_TAG_PATTERN } from '@leafcutter/shared/tag';

/** Settings of `leafcutter dev`, and the only ones: what it starts otherwise has the defaults, whatever the environment says. */
export const devSettings = settings({
  dataDir: path({
    default: '.leafcutter',
    doc: 'Folder for the database and the logs. The next start continues from it.',
  }),
  devCoordinator: address({ default: '127.0.0.1:8100', doc: 'Where the coordinator listens.' }),
  devAgents: textList({
    default: ['127.0.0.1:8000', '127.0.0.1:8001'],
    minItems: 1,
    pattern: /^[^\s,]+:\d+$/,
    takes: 'addresses as host:port',
    doc: 'Where the agents listen, one agent each.',
  }),
  devGrpc: address({ default: '127.0.0.1:9000', doc: 'Where the first agent listens for gRPC clients.' }),
  devGoLeafGrpc: address({
    default: '127.0.0.1:1234',
    doc: 'Where the first agent listens for go-leaf’s gRPC clients.',
  }),
  devResp: address({ default: '127.0.0.1:6390', doc: 'Where the first agent listens for Redis clients.' }),
  devTag: text({ default: 'demo', pattern: NEW_TAG_PATTERN, doc: 'A tag to create if it doesn’t exist.' }),
  opaqueKeys,
});
