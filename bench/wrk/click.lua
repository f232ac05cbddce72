-- Visitors: prepared requests of about 430 bytes, one per line of WHOCPA_PATHS, in turn.
-- With WHOCPA_TIDS set, the tid of every answer for the offer WHOCPA_OFFER is appended to that file: a link with several
-- offers may send to another one.
local requests, at = {}, 0
local tids

function init()
  local headers = {
    ["Host"] = "go.example",
    ["User-Agent"] = "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
      .. "Chrome/126.0.0.0 Mobile Safari/537.36",
    ["Accept-Language"] = "uk-UA,uk;q=0.9,en-US;q=0.8,en;q=0.7",
    ["Referer"] = "https://blog.example/reviews/best-offers-of-the-week?page=2",
  }
  for path in io.lines(os.getenv("WHOCPA_PATHS")) do
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
  if os.getenv("WHOCPA_TIDS") then
    tids = io.open(os.getenv("WHOCPA_TIDS"), "a")
    function response(status, answer)
      local tid = status == 302 and answer["set-cookie"] and answer["set-cookie"]:match("tid_" .. os.getenv("WHOCPA_OFFER") .. "=([0-9a-z]+)")
      if tid then
        tids:write(tid, "\n")
      end
    end
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
