-- Release the locks that still belong to their owner. KEYS: locks; ARGV: their owners, 32 bytes each, concatenated.
-- Returns how many were released.
local owners = ARGV[1]
local released = 0
for key = 1, #KEYS do
    if redis.call('GET', KEYS[key]) == string.sub(owners, 32 * key - 31, 32 * key) then
        redis.call('DEL', KEYS[key])
        released = released + 1
    end
end
return released
