"""Signs what the test signs, by botocore: a JSON object a line in, a JSON object a line out."""
import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = None


class Frozen(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return NOW

    @classmethod
    def now(cls, tz=None):
        return NOW if tz is None else NOW.replace(tzinfo=tz)


# Whichever of the two this version asks for the time.
botocore.auth.datetime = type("datetime", (), {"datetime": Frozen, "timezone": datetime.timezone})
if hasattr(botocore.auth, "get_current_datetime"):
    botocore.auth.get_current_datetime = lambda *_, **__: NOW


def sign(case):
    global NOW
    NOW = datetime.datetime.strptime(case["now"], "%Y%m%dT%H%M%SZ")
    credentials = Credentials(case["access_key"], case["secret"], case["session"])
    request = AWSRequest(method=case["method"], url=case["url"], headers=dict(case["headers"]),
                         params=dict(case["query"]), data=case["body"].encode())
    if case["kind"] == "presigned":
        auth = botocore.auth.S3SigV4QueryAuth(credentials, "s3", case["region"], expires=case["ttl"])
        auth.add_auth(request)
        return {"url": request.url}
    if case["kind"] == "header":
        request.context["payload_signing_enabled"] = True
        auth = botocore.auth.S3SigV4Auth(credentials, "s3", case["region"])
        auth.add_auth(request)
        return {"authorization": request.headers["Authorization"]}
    request.context["timestamp"] = case["now"]
    auth = botocore.auth.S3SigV4PostAuth(credentials, "s3", case["region"])
    return {"signature": auth.signature(case["policy"], request)}


for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(sign(case)))
