-- Advertisers' systems: each line of WHOCPA_PATHS is one conversion, sent once; then the run ends. The first
-- WHOCPA_SKIP lines were sent before.
local paths, at = {}, tonumber(os.getenv("WHOCPA_SKIP") or 0)

function init()
  for path in io.lines(os.getenv("WHOCPA_PATHS")) do
    paths[#paths + 1] = path
  end
end

function request()
  at = at + 1
  if at > #paths then
    wrk.thread:stop()
    at = #paths
  end
  return wrk.format("GET", paths[at])
end
