-- SPDX-License-Identifier: MIT
-- For wrk: buys and sells in turn, over the portfolios in a file with a line "PATH TOKEN TICKER" each. Prints
-- a line of JSON: answers by what they said, requests a second, and how long they took.
--
--     wrk ... -s placing.lua URL -- FILE
local threads = {}
local requests = {}
local turn = 0
filled, other = 0, 0

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

function init(arguments)
    for line in io.lines(arguments[1]) do
        local path, token, ticker = line:match("(%S+) (%S+) (%S+)")
        local headers = {["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json"}
        for _, side in ipairs({"buy", "sell"}) do
            table.insert(requests, wrk.format("POST", path, headers,
                string.format('{"ticker": "%s", "side": "%s", "quantity": "1"}', ticker, side)))
        end
    end
    -- The threads begin at different portfolios.
    turn = number * math.floor(#requests / 4) * 2
end

function request()
    turn = turn % #requests + 1
    return requests[turn]
end

function response(status, headers, body)
    if status == 201 and body:find('"status":"filled"', 1, true) then
        filled = filled + 1
    else
        other = other + 1
        if other == 1 then io.stderr:write(status, " ", body, "\n") end
    end
end

function done(summary, latency)
    local all, others = 0, 0
    for _, thread in ipairs(threads) do
        all, others = all + thread:get("filled"), others + thread:get("other")
    end
    local errors = summary.errors
    print(string.format('{"filled": %d, "other": %d, "errors": %d, "rate": %.1f, "p50": %.2f, "p99": %.2f}', all,
        others, errors.connect + errors.read + errors.write + errors.timeout, all / summary.duration * 1e6,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
