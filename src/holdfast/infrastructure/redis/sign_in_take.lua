-- Count a try to sign in before its password is looked at, unless one of its counts is used up.
-- KEYS: lists of the times of the last tries, latest first, in microseconds: of the account from this network, of the
-- network, of the account; then what is there if the account has signed in from this network before.
-- ARGV: for each list, how many tries are allowed in how many microseconds.
-- Returns 0, or the milliseconds to wait; then nothing was counted.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
-- The last list is of tries from anywhere. It must not keep out somebody who was here before.
local lists = redis.call('EXISTS', KEYS[4]) == 1 and 2 or 3

local longest = 0
for place = 1, lists do
    local tries, window = tonumber(ARGV[2 * place - 1]), tonumber(ARGV[2 * place])
    local oldest = tonumber(redis.call('LINDEX', KEYS[place], tries - 1) or '')
    if oldest and now - oldest < window then
        -- If this server's clock was set back, the stored time lies ahead: then the wait is as long as it can be.
        local wait = math.max(1, math.ceil(math.min(oldest + window - now, window) / 1000))
        longest = math.max(longest, wait)
    end
end
if longest > 0 then
    return longest
end
for place = 1, lists do
    redis.call('LPUSH', KEYS[place], string.format('%.0f', now))
    redis.call('LTRIM', KEYS[place], 0, tonumber(ARGV[2 * place - 1]) - 1)
    redis.call('PEXPIRE', KEYS[place], math.ceil(tonumber(ARGV[2 * place]) / 1000))
end
return 0
