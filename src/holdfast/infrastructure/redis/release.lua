-- Give locks back where they are still their owner's. KEYS: locks; ARGV: the owner of each. Gives how many were.
local released = 0
for key = 1, #KEYS do
    if redis.call('GET', KEYS[key]) == ARGV[key] then
        redis.call('DEL', KEYS[key])
        released = released + 1
    end
end
return released
