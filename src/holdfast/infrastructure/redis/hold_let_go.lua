-- Count one hold each that several buyers let go. KEYS: the buyers' counts. ARGV: the milliseconds until a count to
-- which nothing is added is forgotten. Returns how many were counted.
for _, count in ipairs(KEYS) do
    redis.call('INCR', count)
    redis.call('PEXPIRE', count, ARGV[1])
end
return #KEYS
