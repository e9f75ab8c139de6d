/** Holder of a ledger range whose transaction MySQL lost: the nil UUID, which no instance has. */
export const LOST_INSTANCE_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Holder of a ledger range that was merged from older ones with holders of their own: the max UUID, which no instance
 * has.
 */
export const PRUNED_INSTANCE_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
