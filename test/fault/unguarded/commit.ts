/** Negative control: a coordinator that treats a COMMIT without an answer as one that succeeded. */
import { trusting } from '@leafcutter/coordinator/fakes/unguarded';
import { aroundTags } from './locked-rows.ts';

aroundTags(trusting, trusting);
