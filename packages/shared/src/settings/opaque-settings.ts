import { opaqueKeyList } from '../config/kinds/list-kinds.ts';

/** The keys of opaque IDs: the same in agent and coordinator, because the two must agree. */
export const opaqueKeys = opaqueKeyList({
  doc: 'Keys of tags with an opaque shape. The highest version writes; the others read what was written before. Give a new one to the coordinators first.',
});
