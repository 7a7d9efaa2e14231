"""Buckets that are Requester Pays, which moto does not know: requests without the header that agrees are refused.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.emulator.faults import Application, StartResponse, body_of

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_REFUSED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


def with_requester_pays(application: Application, buckets: set[str] | None = None) -> Application:
    """The application, with the `requestPayment` of buckets before it; `reset` of moto forgets them too."""
    charging: set[str] = set() if buckets is None else buckets

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/moto-api/reset":
            charging.clear()
        if "/s3/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
            return application(environ, start_response)
        bucket = path.strip("/").partition("/")[0]
        if "requestPayment" in environ.get("QUERY_STRING", ""):
            return _setting(environ, start_response, bucket, charging)
        if bucket in charging and environ.get("HTTP_X_AMZ_REQUEST_PAYER") != "requester":
            return _xml(start_response, "403 Forbidden", _REFUSED)
        return application(environ, start_response)

    return answer


def _setting(
    environ: dict[str, Any], start_response: StartResponse, bucket: str, charging: set[str]
) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] == "PUT":
        (charging.add if b">Requester<" in body_of(environ) else charging.discard)(bucket)
        return _xml(start_response, "200 OK", b"")
    payer = "Requester" if bucket in charging else "BucketOwner"
    document = f'<RequestPaymentConfiguration xmlns="{_NAMESPACE}"><Payer>{payer}</Payer></RequestPaymentConfiguration>'
    return _xml(start_response, "200 OK", document.encode())


def _xml(start_response: StartResponse, status: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]
