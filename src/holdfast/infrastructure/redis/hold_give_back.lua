-- Put one hold each back into several budgets (see hold_admit.lua).
-- KEYS: the budgets. ARGV: microseconds until one hold is back in a budget by itself. Returns how many had one missing.
local interval = tonumber(ARGV[1])
local given = 0
for _, budget in ipairs(KEYS) do
    local full_at = redis.call('GET', budget)
    if full_at then
        redis.call('SET', budget, string.format('%.0f', tonumber(full_at) - interval), 'KEEPTTL')
        given = given + 1
    end
end
return given
