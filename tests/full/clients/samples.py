"""Takes the samples out of the reference pages of a running demo and runs them as they stand, with a key in them."""

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
PAGES = [
    ("guest", ["category/list", "geo/list", "offer/list"]),
    ("pub", ["area/list", "balance/list", "key/create", "lead/list", "news/list", "offer/list"]),
    ("adv", ["balance/list", "connection/list", "lead/list"]),
]

work = Path(sys.argv[1])
demo = json.loads(Path(os.environ["WHOCPA_DEMO"]).read_text(encoding="utf-8"))
keys = {
    "guest": "",
    "pub": demo["webmasters"][0]["api_key"],
    "adv": demo["advertisers"][0]["api_key"],
}
ran = 0
for level, methods in PAGES:
    for method in methods:
        url = f"{demo['base_url']}/apidocs/{level}/reference/{method}"
        with urllib.request.urlopen(url) as answer:
            page = answer.read().decode()
        for name, (command, ending) in RUN.items():
            found = re.search(rf'<pre id="sample-{name}"[^>]*><code>(.*?)</code></pre>', page, re.DOTALL)
            if found is None:
                sys.exit(f"{url}: no sample in {name}")
            if shutil.which(command[0]) is None:
                continue
            program = html.unescape(re.sub(r"<[^>]*>", "", found[1])).replace("YOUR_KEY", keys[level])
            path = work / f"sample.{ending}"
            path.write_text(program, encoding="utf-8")
            done = subprocess.run([*command, str(path)], capture_output=True, text=True, timeout=60)
            told = done.stdout + done.stderr
            expected = "created" if method.endswith("/create") else "objects"
            if done.returncode != 0 or expected not in told or "'error'" in told or '"error"' in told:
                sys.exit(f"{url}: the sample in {name} failed\n{program}\n{told}")
            ran += 1
print(f"samples of the pages: {ran} ran")
