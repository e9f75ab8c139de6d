--[[
  Renews an instance's lease on a machine id, or enters it if there is none.

  KEYS[1] the lease of one machine id
  ARGV[1] instance id, 36 characters
  ARGV[2] agent id
  ARGV[3] time to live, milliseconds
  ARGV[4] how: "enter", or "renew" a lease that must stand there

  Returns "kept" if the lease is this instance's, "taken" if another instance has it, "absent" if nobody has and
  nothing was entered.
]]
local current = redis.call('GET', KEYS[1])
if current and string.sub(current, 1, 36) ~= ARGV[1] then
  return 'taken'
end
if not current and ARGV[4] ~= 'enter' then
  return 'absent'
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return 'kept'
