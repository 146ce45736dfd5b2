-- Give locks back where they are still their owner's. KEYS: locks; ARGV: their owners, 32 bytes each, end to end.
-- Gives how many were.
local owners = ARGV[1]
local released = 0
for key = 1, #KEYS do
    if redis.call('GET', KEYS[key]) == string.sub(owners, 32 * key - 31, 32 * key) then
        redis.call('DEL', KEYS[key])
        released = released + 1
    end
end
return released
