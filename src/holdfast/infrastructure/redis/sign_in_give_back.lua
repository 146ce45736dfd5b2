-- Take a try to sign in off its counts, since its password was right, and remember the network.
-- KEYS: as in sign_in_take.lua. ARGV: for how many seconds the network is remembered.
redis.call('DEL', KEYS[1])
redis.call('LPOP', KEYS[2])
redis.call('LPOP', KEYS[3])
redis.call('SET', KEYS[4], '1', 'EX', ARGV[1])
return 0
