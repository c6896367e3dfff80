"""What Redis does in one step. The only clock is Redis's own, so those of machines may differ; should that one leap, a
key that seems to lie far ahead counts for nothing. Times are in milliseconds, numbers in Redis are texts."""

from typing import Final

CLAIM: Final = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
"""The key, an owner, how long: 1 where it is theirs now. Asked twice, because an answer was lost, it says the same."""

LET_GO: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""

_NOW: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
"""

ALLOW: Final = (
    _NOW
    + """
local times, period = tonumber(ARGV[1]), tonumber(ARGV[2])
local oldest = tonumber(redis.call('LINDEX', KEYS[1], -times) or '0')
if oldest > now - period and oldest <= now then return 0 end
redis.call('RPUSH', KEYS[1], string.format('%.3f', now))
redis.call('LTRIM', KEYS[1], -times, -1)
redis.call('PEXPIRE', KEYS[1], period)
return 1
"""
)
"""The key, how often, how long: 1 where it happens no more often."""

TAKE_ONE: Final = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""
"""The key, how long a window is: how often it happened in this one, and how much of it is left."""

BOOK: Final = (
    _NOW
    + """
local FAR = 60000
local function free(key)
  local at = tonumber(redis.call('GET', key) or '0')
  return (at < now or at > now + FAR) and now or at
end
local function keep(key, at)
  redis.call('SET', key, string.format('%.3f', at), 'PX', math.ceil(at - now) + 1000)
end
local crowd = free(KEYS[1])
local own = math.max(crowd, free(KEYS[2]))
keep(KEYS[1], crowd + ARGV[1])
keep(KEYS[2], own + ARGV[2])
return string.format('%.3f', own - now)
"""
)
"""The keys of the crowd and of one's own, how long each place lasts: the wait."""

DEFER: Final = (
    _NOW
    + """
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('ZADD', KEYS[1], 'NX', now, ARGV[1])
return 1
"""
)
"""When chats are due, the texts of a chat; the chat, a number, its text, how long it is kept."""

DEFERRED_DONE: Final = """
for each = 2, #ARGV do redis.call('HDEL', KEYS[2], ARGV[each]) end
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 1
"""
"""The same keys; the chat, numbers."""

POSTPONE: Final = _NOW + "return redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])"
"""When chats are due; a chat, how long it waits."""

NEAREST: Final = (
    _NOW
    + """
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if #first == 0 then return {} end
return {first[1], string.format('%.3f', first[2] - now)}
"""
)
"""When chats are due: the first of them, and the wait."""

TAKE: Final = (
    _NOW
    + """
local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not at or tonumber(at) > now then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
return 1
"""
)
"""When chats are due; a chat, for how long it is taken: 1 where it was due."""
