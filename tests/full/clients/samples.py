"""Takes the samples out of the reference pages of a running demo and runs them as they stand, with a key in them and, where a
mark stands for an id of the reader's own, with the id that the page would put there."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

RUN = {"curl": (["bash"], "sh"), "python": ([sys.executable], "py"), "php": (["php"], "php"), "js": (["node"], "mjs")}
# In all languages; of all other reading methods the first sample is run.
EVERY = {
    "guest": ["category/list", "geo/list", "offer/list", "offer/view"],
    "pub": ["area/view", "balance/list", "key/create", "lead/list", "lead/view", "link/view", "news/list", "offer/list"],
    "adv": ["balance/list", "connection/list", "lead/list", "lead/view", "offer/view"],
    "operator": ["lead/list", "user/view"],
}
# Announced, or without anything to show in a fresh demo.
SOON = 501

work = Path(sys.argv[1])
demo = json.loads(Path(os.environ["WHOCPA_DEMO"]).read_text(encoding="utf-8"))
base = demo["base_url"]
keys = {
    "guest": "",
    "pub": demo["webmasters"][0]["api_key"],
    "adv": demo["advertisers"][0]["api_key"],
    "operator": demo["operator"]["api_key"],
}
known = {}


def fetched(url, key=""):
    request = urllib.request.Request(url, headers={"X-Api-Key": key} if key else {})
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


def own_id(level, path):
    """The id of the first row, as the page puts it there; nothing when there is none."""
    if (level, path) not in known:
        rows = json.loads(fetched(base + html.unescape(path), keys[level]))["objects"] if path else []
        known[level, path] = str(rows[0]["id"]) if rows else ""
    return known[level, path]


ran = without = 0
for level, every in EVERY.items():
    about = fetched(f"{base}/apidocs/{level}/overview/about")
    methods = sorted(set(re.findall(rf"/apidocs/{level}/reference/(\w+/(?:list|view))", about)) | set(every))
    for method in methods:
        url = f"{base}/apidocs/{level}/reference/{method}"
        page = fetched(url)
        if f'<span class="status">{SOON}</span>' in page:
            continue
        for name, (command, ending) in RUN.items():
            found = re.search(rf'<pre id="sample-{name}"[^>]*><code>(.*?)</code></pre>', page, re.DOTALL)
            if found is None:
                sys.exit(f"{url}: no sample in {name}")
            if shutil.which(command[0]) is None or (method not in every and name != "curl"):
                continue
            filled = re.sub(
                r'<span data-id="([^"]*)">(\w+)</span>', lambda place: own_id(level, place[1]) or place[2], found[1]
            )
            program = html.unescape(re.sub(r"<[^>]*>", "", filled)).replace("YOUR_KEY", keys[level])
            if "YOUR_" in program:
                # The reader has none of these, and the page says what belongs there.
                without += 1
                continue
            path = work / f"sample.{ending}"
            path.write_text(program, encoding="utf-8")
            done = subprocess.run([*command, str(path)], capture_output=True, text=True, timeout=60)
            told = done.stdout + done.stderr
            expected = {"create": "created", "view": "object", "list": "objects"}[method.split("/")[1]]
            if done.returncode != 0 or expected not in told or "'error'" in told or '"error"' in told:
                sys.exit(f"{url}: the sample in {name} failed\n{program}\n{told}")
            ran += 1
print(f"samples of the pages: {ran} ran, {without} wait for an id that the reader does not have yet")
