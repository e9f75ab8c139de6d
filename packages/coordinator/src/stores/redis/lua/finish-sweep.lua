--[[
  Notes the number of a finished sweep and that of the one before, and what the next one reads from the ledger.

  KEYS[1] the identity
  ARGV[1] generation that the identity must have
  ARGV[2] before: the number that the identity must have
  ARGV[3] number of the sweep
  ARGV[4] ledger from: the next sweep reads entries dated from here on, unix milliseconds
  ARGV[5] ledger next: what that will be later, unix milliseconds

  Returns 1 if it is noted, 0 if the identity is another one or went back to an old file.
]]
local identity = redis.call('HMGET', KEYS[1], 'generation', 'sweep')
if identity[1] ~= ARGV[1] or identity[2] ~= ARGV[2] then
  return 0
end
redis.call(
  'HSET', KEYS[1],
  'sweep', ARGV[3], 'sweepBefore', ARGV[2], 'ledgerFrom', ARGV[4], 'ledgerNext', ARGV[5]
)
return 1
