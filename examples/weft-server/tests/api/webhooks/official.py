# What Slack's own library signs.
import json
import sys
import time

from slack_sdk.signature import SignatureVerifier

given = json.load(sys.stdin)
now = str(int(time.time()))
signature = SignatureVerifier(given["secret"]).generate_signature(
    timestamp=now, body=given["bodies"]["slack"]
)
print(json.dumps({"slack": {"x-slack-signature": signature, "x-slack-request-timestamp": now}}))
