-- Judge access codes, and count the wrong ones.
-- KEYS: per code, the last wrong ones for its event from its address, latest first, as times in microseconds.
-- ARGV: how many wrong ones are allowed, in how many microseconds; then per code 1 if it is wrong, else 0.
-- Returns per code 0, or the milliseconds to wait. The first wrong one too many is kept as well: from then on right codes
-- have to wait too. Nothing is counted while they do.
local tries, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function wait(key)
    local oldest = tonumber(redis.call('LINDEX', key, tries) or '')
    if not oldest or now - oldest >= window then
        return 0
    end
    -- If this server's clock was set back, the stored time lies ahead: then the wait is as long as it can be.
    return math.max(1, math.ceil(math.min(oldest + window - now, window) / 1000))
end

local verdicts = {}
for place, key in ipairs(KEYS) do
    local verdict = wait(key)
    if verdict == 0 and ARGV[place + 2] == '1' then
        redis.call('LPUSH', key, string.format('%.0f', now))
        redis.call('LTRIM', key, 0, tries)
        redis.call('PEXPIRE', key, math.ceil(window / 1000))
        verdict = wait(key)
    end
    verdicts[place] = verdict
end
return verdicts
