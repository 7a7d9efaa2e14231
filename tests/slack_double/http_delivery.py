"""Slack's requests to an app over HTTP, signed.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.slack_double.deliveries import Attempt, Reply

FORM = "application/x-www-form-urlencoded"


class HttpDelivery:
    """Posts to the app's request URL. `secret`, `age` (seconds) and `timestamp` make signatures wrong or old."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self.secret = secret
        self.age = 0.0
        self.timestamp: str | None = None

    def signed(self, body: str) -> dict[str, str]:
        """The two headers that prove where a request comes from."""
        stamp = self.timestamp if self.timestamp is not None else str(int(time.time() - self.age))
        digest = hmac.new(self.secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    def send(self, attempt: Attempt, within: float) -> Reply:
        """Post one request and read the answer."""
        body, kind = encoded(attempt)
        headers = {
            "Content-Type": kind,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **self.signed(body),
        }
        if attempt.number:
            headers |= {"X-Slack-Retry-Num": str(attempt.number), "X-Slack-Retry-Reason": attempt.reason}
        return self.post(body, headers, within)

    def post(self, body: str, headers: dict[str, str], within: float = 3.0) -> Reply:
        """Post a body as it is; what the answer's status was is in the reason, when it was not 2xx."""
        request = Request(self.url, body.encode(), headers, method="POST")  # noqa: S310 - loopback
        try:
            with urlopen(request, timeout=within) as answer:  # noqa: S310 - the same
                text = answer.read().decode()
                is_json = answer.headers.get("Content-Type", "").startswith("application/json")
                return Reply(ok=True, body=json.loads(text) if is_json and text else text or None)
        except HTTPError as error:
            no_retry = error.headers.get("X-Slack-No-Retry") == "1"
            return Reply(ok=False, body=error.read().decode(), reason=f"status {error.code}", no_retry=no_retry)
        except TimeoutError:
            return Reply(ok=False, reason="timeout")
        except (OSError, HTTPException):
            return Reply(ok=False, reason="connection_closed")


def encoded(attempt: Attempt) -> tuple[str, str]:
    """The body of a request, and its content type."""
    match attempt.kind:
        case "events_api":
            return json.dumps(attempt.body), "application/json"
        case "interactive":
            return urlencode({"payload": json.dumps(attempt.body)}), FORM
        case "slash_commands":
            return urlencode(attempt.body), FORM
