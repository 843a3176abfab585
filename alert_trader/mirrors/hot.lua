-- Writes one trade and those of its events that are not there yet; all of it, or (out of memory, read-only) none of it.
-- KEYS: events stream, the trade's hash, recent, open.
-- ARGV: trade, its row, how many events it has, last event's time (ms), opened (ms; empty when it is over),
--       "exact" when these are all its events, then for each event: sequence, chain, row.
-- The trade's hash keeps, beside its row, for each event "e:<sequence>" -> "<id in the stream> <chain>": that is what makes an event
-- written twice one entry.
local stream, trade, recent, open = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local count = tonumber(ARGV[3])

local function drop(from)
  local held = redis.call('HGETALL', trade)
  for i = 1, #held, 2 do
    local sequence = string.match(held[i], '^e:(%d+)$')
    if sequence and tonumber(sequence) >= from then
      redis.call('XDEL', stream, string.match(held[i + 1], '^%S+'))
      redis.call('HDEL', trade, held[i])
    end
  end
end

local stored = tonumber(redis.call('HGET', trade, 'count') or '0')
local fresh = 0
for i = 7, #ARGV, 3 do
  local held = redis.call('HGET', trade, 'e:' .. ARGV[i])
  if held and string.match(held, '%S+$') ~= ARGV[i + 1] then
    -- a workflow reset changed the trade from this event on
    drop(tonumber(ARGV[i]))
    held = false
    stored = 0
  end
  if not held then
    local id = redis.call('XADD', stream, '*', 'trade', ARGV[1], 'event', ARGV[i + 2])
    redis.call('HSET', trade, 'e:' .. ARGV[i], id .. ' ' .. ARGV[i + 1])
    fresh = fresh + 1
  end
end
if ARGV[6] == 'exact' then
  drop(count + 1)
  stored = 0
end
if count >= stored then
  redis.call('HSET', trade, 'row', ARGV[2], 'count', count)
  redis.call('ZADD', recent, ARGV[4], ARGV[1])
  if ARGV[5] == '' then
    redis.call('ZREM', open, ARGV[1])
  else
    redis.call('ZADD', open, ARGV[5], ARGV[1])
  end
end
return fresh
