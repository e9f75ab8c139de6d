import { opaqueKeyList } from '../config/kinds/list-kinds.ts';

/** The keys of opaque IDs: the same in agent and coordinator, because the two must agree. */
export const opaqueKeys = opaqueKeyList({
  doc: 'Keys for tags with an opaque shape. The highest version writes new IDs; the others read IDs written before. Give a new key to the coordinators first.',
});
