-- Lock the seats of several wishes of one event, each wish whole or not at all.
-- KEYS: the locks of all wishes, end to end. ARGV: milliseconds, then per wish its owner and its number of locks.
-- Gives one 1 or 0 per wish. (Redis 6.2 cannot SET NX and GET in one call: GET, then SET.)
local milliseconds = ARGV[1]
local verdicts = {}
local first = 1
for argument = 2, #ARGV, 2 do
    local owner = ARGV[argument]
    local last = first + tonumber(ARGV[argument + 1]) - 1
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
    verdicts[#verdicts + 1] = free
    first = last + 1
end
return verdicts
