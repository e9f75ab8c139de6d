/** Whose a ledger range is that was handed out by a transaction which MySQL lost: the nil UUID, which no instance has. */
export const LOST_INSTANCE_ID = '00000000-0000-0000-0000-000000000000';

/** Whose a ledger range is that was made of older ones, each with a holder of its own: the max UUID, which no instance has. */
export const PRUNED_INSTANCE_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
