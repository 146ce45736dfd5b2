-- Take one new hold each from the budgets of several requests, where no limit forbids it.
-- KEYS: per request, its network's budget and its buyer's count of holds let go; an empty name stands for no budget.
-- ARGV: microseconds until one hold is back in a budget, and until all are (0 and 0: no budgets); the count from which
-- a buyer has to wait (0: never), and for how long; how long a count outlives that wait. The last two in milliseconds.
-- Returns per request 0, or the milliseconds to wait: positive for a used-up budget, negative for a buyer's wait.
-- A budget is stored as the time at which it will be full again; each hold moves that time on by one interval.
local interval, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local after, wait, beyond = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local verdicts = {}
for place = 1, #KEYS, 2 do
    local budget, count = KEYS[place], KEYS[place + 1]
    local verdict, full_at = 0, nil
    if window > 0 and budget ~= '' then
        -- If this server's clock was set back, the stored time lies too far ahead: at worst the budget is used up.
        local stored = math.min(tonumber(redis.call('GET', budget) or '0') or 0, now + window)
        full_at = math.max(stored, now) + interval
        if full_at > now + window then
            verdict = math.max(1, math.ceil((full_at - now - window) / 1000))
        end
    end
    if verdict == 0 and after > 0 and (tonumber(redis.call('GET', count) or '0') or 0) >= after then
        local left = redis.call('PTTL', count) - beyond
        if left > 0 and left <= wait then
            verdict = -left
        end
    end
    if verdict == 0 and full_at then
        redis.call('SET', budget, string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
    end
    verdicts[#verdicts + 1] = verdict
end
return verdicts
