# Slack's own library: it accepts what was sent, and signs a body itself.
import json
import sys

from slack_sdk.signature import SignatureVerifier

given = json.load(sys.stdin)
body, time, sent = given["body"], str(given["time"]), given["sent"]["slack"]
verifier = SignatureVerifier(given["secret"])
if not verifier.is_valid(body, sent["x-slack-request-timestamp"], sent["x-slack-signature"]):
    sys.exit("slack")

signature = verifier.generate_signature(timestamp=time, body=body)
print(json.dumps({"slack": {"x-slack-signature": signature, "x-slack-request-timestamp": time}}))
