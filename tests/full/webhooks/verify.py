"""The published Python verifier takes our message as it is, and refuses every altered one."""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

with open(sys.argv[1], encoding="utf-8") as file:
    message = json.load(file)
hook, headers, body = Webhook(message["secret"]), message["headers"], message["body"]
assert hook.verify(body, headers)["type"] == "lead.created"

altered = [
    (body.replace("pending", "approved").replace("8.00", "9.00"), headers),
    (body + " ", headers),
    (body, headers | {"webhook-id": headers["webhook-id"] + "1"}),
    (body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
    (body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 3600)}),
    (body, headers | {"webhook-signature": "v1,AAAA" + headers["webhook-signature"][7:]}),
]
refused = 0
for text, heads in altered:
    try:
        hook.verify(text, heads)
    except WebhookVerificationError:
        refused += 1
assert refused == len(altered), f"{refused} of {len(altered)} refused"
print(f"Python verifier: 1 of 1 accepted, {refused} of {len(altered)} altered ones refused")
