"""Writes the configuration of one level's run: prepare.py DEMO_JSON LEVEL BASE_URL FILE MODE.

Prints an expression of the operations that the level is to attack: in MODE `every`, all that it may use; in MODE `once`
each operation falls to one level only, and only under one of its paths. That a level may use no others, and that
announced operations answer 501, the access matrix shows.
"""

import json
import sys
import urllib.request
from pathlib import Path

from level import LEVELS, account_of

HERE = Path(__file__).parent.resolve()
CONFIG = """continue-on-failure = true
request-timeout = 60.0
[checks]
# hooks.py has the same checks with this API's rules.
positive_data_acceptance.enabled = false
negative_data_rejection.enabled = false
"""
AUTH = """[auth.openapi.query]
api_key = {key}
[auth.openapi.header]
api_key = {key}
[auth.openapi.bearer]
bearer = {key}
"""


def main():
    level, base_url, file, mode = sys.argv[2:6]
    account = account_of(json.loads(Path(sys.argv[1]).read_text()), level)
    auth = AUTH.format(key=json.dumps(account["api_key"])) if account else ""
    Path(file).write_text(f'hooks = "{HERE}/hooks.py"\n{CONFIG}{auth}')
    with urllib.request.urlopen(f"{base_url}/api/openapi.json", timeout=60) as answer:
        document = json.load(answer)
    operations = [one for place in document["paths"].values() for one in place.values()]
    names = [one["operationId"] for one in operations if is_wanted(one, level, mode)]
    print(f"^({'|'.join(names)})$")


def is_wanted(operation, level, mode):
    levels = [known for known in LEVELS if known in operation["x-levels"]]
    if level not in levels or operation.get("x-soon"):
        return False
    is_twin = operation["operationId"].endswith(("_put", "_post"))
    return mode == "every" or (level == levels[0] and not is_twin)


main()
