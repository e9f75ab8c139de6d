/** The version of all packages; a test compares it with the root's package.json. */
export const VERSION = '0.1.0';

/** `npm run release` puts it in. */
declare const LEAFCUTTER_COMMIT: string | undefined;

/** The commit that this release was made of; undefined in a checkout. */
export const COMMIT = typeof LEAFCUTTER_COMMIT === 'undefined' ? undefined : LEAFCUTTER_COMMIT;
