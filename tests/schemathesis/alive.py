"""Checks that a level's key still opens the door after its run: otherwise the run proved nothing.

alive.py DEMO_JSON LEVEL BASE_URL
"""

import json
import sys
import urllib.request
from pathlib import Path

from level import account_of


def main():
    level, base_url = sys.argv[2:4]
    account = account_of(json.loads(Path(sys.argv[1]).read_text()), level)
    if account is None:
        return
    request = urllib.request.Request(f"{base_url}/api/profile/", headers={"X-Api-Key": account["api_key"]})
    with urllib.request.urlopen(request, timeout=10) as answer:
        if not json.load(answer)["objects"]:
            sys.exit(f"{level}: the key opens nothing any more")


main()
