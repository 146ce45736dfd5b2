-- Lock the seats of several wishes of one event, each wish whole or not at all.
-- KEYS: the locks of all wishes, end to end. ARGV: milliseconds; the owners of the wishes, 32 bytes each, end to end;
-- the numbers of their locks, one byte each. Gives one 1 or 0 per wish.
-- (Redis 6.2 cannot SET NX and GET in one call: GET, then SET.)
local milliseconds, owners, counts = ARGV[1], ARGV[2], ARGV[3]
local verdicts = {}
local first = 1
for wish = 1, #counts do
    local owner = string.sub(owners, 32 * wish - 31, 32 * wish)
    local last = first + string.byte(counts, wish) - 1
    local free = 1
    for key = first, last do
        local holder = redis.call('GET', KEYS[key])
        if holder and holder ~= owner then
            free = 0
            break
        end
    end
    if free == 1 then
        for key = first, last do
            redis.call('SET', KEYS[key], owner, 'PX', milliseconds)
        end
    end
    verdicts[wish] = free
    first = last + 1
end
return verdicts
