"""Checks of schemathesis with this API's rules: what a schema cannot say stands in exclusions.toml.

A request that fits the schema may be refused, and one that does not may be taken, only for a reason that is listed there
with the rule that wants it, or because the protocol knows another spelling of it (spelling.py). Everything else is a
failure, as without this file.
"""

import base64
import json
import os
import re
import tomllib
import urllib.request
from pathlib import Path

import schemathesis
from hypothesis import strategies as st
from schemathesis.specs.openapi import checks as openapi

from level import account_of
from spelling import Spelling

EXCLUSIONS = tomllib.loads((Path(__file__).parent / "exclusions.toml").read_text())
STATUSES = {limit["status"] for limit in EXCLUSIONS["limit"]}
REFUSALS = [(re.compile(rule["parameter"]), re.compile(rule["message"])) for rule in EXCLUSIONS["refused"]]
DEMO = json.loads(Path(os.environ["WHOCPA_DEMO"]).read_text())
LEVEL = os.environ["WHOCPA_LEVEL"]
BASE_URL = os.environ["WHOCPA_URL"]
# Where the messages that were excused are counted, when somebody wants to know which rules are needed.
EXCUSED = os.environ.get("WHOCPA_EXCUSED")
MISSING_ID = 999_999_999
# Body and address have limits as a whole (docs/limits.md).
TOO_LONG = (413, 414)
# A picture of one pixel.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def ask(path, key=None):
    request = urllib.request.Request(BASE_URL + path, headers={"X-Api-Key": key} if key else {})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def own_ids():
    """The run's own account and keys: it must not saw off the branch that it sits on."""
    account = account_of(DEMO, LEVEL)
    if account is None:
        return {}
    keys = {str(row["id"]) for row in ask("/api/key/", account["api_key"])["objects"]}
    own = str(ask("/api/profile/", account["api_key"])["objects"][0]["id"])
    return {"key": keys, "user": {own}}


OWN = own_ids()
SPELLING = Spelling(ask("/api/openapi.json"))

# What the schema's formats and patterns allow, and more often than chance would make it.
words = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
addresses = st.builds("https://{}.example/{}".format, words, words)
schemathesis.openapi.format("web-address", addresses)
schemathesis.openapi.format("web-address-template", st.builds("{}?s={{subid1}}".format, addresses))
schemathesis.openapi.format("utm", st.builds("utm_source={}".format, words))
schemathesis.openapi.format("iana-time-zone", st.sampled_from(["Europe/Kyiv", "UTC", "Asia/Kolkata"]))
schemathesis.openapi.format("ip-network", st.sampled_from(["203.0.113.7", "203.0.113.0/24", "2001:db8::/48"]))
schemathesis.openapi.format("ip-address", st.sampled_from(["203.0.113.7", "2001:db8::1"]))
schemathesis.openapi.format("link-host", st.one_of(st.builds(form.format, words) for form in ("{}.example", "*.{}.example")))
schemathesis.openapi.format("telephone", st.sampled_from(["+380501234567", "+7 912 345-67-89", "+66812345678"]))
schemathesis.openapi.format("binary", st.just(PICTURE))


def in_address(value):
    """JSON Schema takes 5.0 for a whole number, but in an address it is a text with a dot in it."""
    if isinstance(value, list):
        return [in_address(one) for one in value if one is not None]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@schemathesis.hook
def before_call(context, case, kwargs):
    """Lets changes of the own key and account miss: without them there would be no more requests. An answer's `null` that
    a chain of requests hands on is no parameter."""
    if isinstance(case.query, dict):
        for name, value in list(case.query.items()):
            if value is None or value == [None]:
                del case.query[name]
            else:
                case.query[name] = in_address(value)
    own = OWN.get(case.path.split("/")[2], ())
    if case.method != "GET" and str((case.path_parameters or {}).get("id")) in own:
        case.path_parameters["id"] = MISSING_ID
    if case.method != "GET" and case.path.startswith("/api/profile") and isinstance(case.body, dict):
        case.body.pop("password", None)


def is_expected_refusal(response):
    """Whether the list expects the status, or every message of a 400."""
    if response.status_code in STATUSES:
        return True
    if response.status_code not in (400, 422):
        return False
    error = json.loads(response.content)["error"]
    if isinstance(error, str):
        error = {"": [error]}
    messages = [(name, message) for name, list_ in error.items() for message in list_]
    for name, message in messages:
        if not any(parameter.search(name) and words.search(message) for parameter, words in REFUSALS):
            return False
    if EXCUSED:
        with Path(EXCUSED).open("a") as excused:
            excused.writelines(f"{name}: {message}\n" for name, message in messages)
    return True


@schemathesis.check
def answers_are_as_documented(ctx, response, case):
    """`content_type_conformance` and `response_schema_conformance`, but for an address that is so long that the HTTP library
    answers it (docs/limits.md)."""
    if response.status_code == 414 and not response.content:
        return None
    openapi.content_type_conformance(ctx, response, case)
    return openapi.response_schema_conformance(ctx, response, case)


@schemathesis.check
def schema_valid_requests_are_taken(ctx, response, case):
    """`positive_data_acceptance`, but a listed refusal is no failure."""
    try:
        return openapi.positive_data_acceptance(ctx, response, case)
    except AssertionError:
        if is_expected_refusal(response) or response.status_code in TOO_LONG:
            return None
        raise


@schemathesis.check
def schema_invalid_requests_are_refused(ctx, response, case):
    """`negative_data_rejection`, but another spelling of a right request is no failure."""
    try:
        return openapi.negative_data_rejection(ctx, response, case)
    except AssertionError:
        if response.status_code in STATUSES or SPELLING.fits(response.request):
            return None
        raise
