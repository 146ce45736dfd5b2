-- Lock the seats of several requests for one event; each request gets all of its seats or none.
-- KEYS: the locks of all requests, concatenated. ARGV: milliseconds; the owners of the requests, 32 bytes each,
-- concatenated; the number of locks of each, one byte each. Returns one 1 or 0 per request.
-- (Redis 6.2 cannot combine SET NX and GET in one call, hence GET, then SET.)
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
