"""What goes wrong on request: errors of any call, answers that are lost, stale reads, how long queries run and how.

What VPC Reachability Analyzer finds is ordered here too: the double reasons about no network.

The errors are made in front of moto, from the request alone, in the form of the service's protocol. They can be ordered
in the same process, or over HTTP: `POST /emulator/faults` with a JSON list, `DELETE /emulator/faults`.
"""

from __future__ import annotations

import io
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

PATH = "/emulator/faults"
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
_KEY = re.compile(r"Credential=([^/]+)/")
_S3_STATUS = {"InvalidObjectState": 403, "SlowDown": 503, "NoSuchBucket": 404, "NoSuchKey": 404}


How = Literal["error", "cut", "done", "lost", "late"]


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that a call answers with."""

    call: str
    """`service.Operation` as in IAM's and botocore's names, with `*` for anything: `logs.StartQuery`, `s3.*`."""
    code: str
    message: str = "made by the emulator"
    times: int = -1
    """How often; -1 for always."""
    holding: str = ""
    """Only requests whose path, query or body holds this text."""
    how: How = "error"
    """`error`: nothing is done. `cut`: nothing is done, and the connection ends without an answer. `done`: it is done,
    and answered with the error all the same. `lost`: it is done, and the connection ends without an answer. `late`: it
    is done, and answered after `seconds`."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How queries of a service end: a status of Insights, or a state of Athena with its reason."""

    service: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What an analysis of Reachability Analyzer comes to: members of NetworkInsightsAnalysis by botocore's names."""

    members: Mapping[str, Any]
    holding: str = ""
    """Only of paths whose description holds this text."""


Ordered = Fault | Ending | Analysis


@dataclass
class Faults:
    """What is to go wrong from now on."""

    pending: list[list[Any]] = field(default_factory=list)
    endings: dict[str, Ending] = field(default_factory=dict)
    analyses: list[Analysis] = field(default_factory=list)
    """The last that fits a path counts."""
    polls: int = 1
    """How often a query is asked about before it is complete."""
    page: int = 1000
    """The most rows of a page."""
    latency: float = 0.0
    """Seconds that every call takes longer."""
    stale: int = 0
    """So many Describe calls after a write answer as they did before it."""
    calls: list[str] = field(default_factory=list)
    """The calls that were made, as `service.Operation`."""
    signed: list[tuple[str, str]] = field(default_factory=list)
    """The same, each with the access key that signed it."""
    before: dict[str, tuple[str, list[tuple[str, str]], list[bytes]]] = field(default_factory=dict)
    """What Describe calls answered last, for stale reads."""
    to_come: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def clear(self) -> None:
        """From now on all goes well."""
        with self.lock:
            self.pending, self.endings, self.analyses, self.calls, self.signed = [], {}, [], [], []
            self.polls, self.page, self.latency, self.stale, self.to_come, self.before = 1, 1000, 0.0, 0, 0, {}

    def add(self, *ordered: Ordered) -> None:
        """Order faults, endings and analyses."""
        with self.lock:
            for one in ordered:
                match one:
                    case Ending():
                        self.endings[one.service] = one
                    case Analysis():
                        self.analyses.append(one)
                    case Fault():
                        self.pending.append([one, one.times])

    def taken(self, call: str, content: str, key: str = "") -> Fault | None:
        """The fault that this request meets, which is then used up by one."""
        with self.lock:
            self.calls.append(call)
            self.signed.append((call, key))
            for entry in self.pending:
                fault, left = entry
                if left and fnmatchcase(call, fault.call) and fault.holding in content:
                    entry[1] -= 1
                    return fault  # type: ignore[no-any-return]
        return None


FAULTS = Faults()
"""One for the process, as moto's own state is."""

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def with_faults(application: Application, faults: Faults = FAULTS) -> Application:
    """The application, with faults in front of it."""

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == PATH:
            return _ordered(environ, start_response, faults)
        call, content = _call_of(environ)
        if faults.latency:
            time.sleep(faults.latency)
        fault = faults.taken(call, content, _signer(environ)) if call else None
        if fault is None:
            return _consistent(application, environ, start_response, faults, call, content)
        if fault.how in ("done", "lost", "late"):
            whole = _kept(application, environ)
            if fault.how == "late":
                time.sleep(fault.seconds)
                start_response(*whole[:2])
                return whole[2]
        if fault.how in ("cut", "lost"):
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionError("cut by the emulator")
        status, kind, body = _as_error(call.partition(".")[0], fault, environ)
        start_response(f"{status} Error", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def _kept(application: Application, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], list[bytes]]:
    """What the application answers, whole, so that it is done whatever becomes of the answer."""
    head: list[Any] = []
    body = list(application(environ, lambda status, headers, *_: head.extend((status, headers))))
    return head[0], head[1], body


def _consistent(
    application: Application,
    environ: dict[str, Any],
    start_response: StartResponse,
    faults: Faults,
    call: str,
    content: str,
) -> Iterable[bytes]:
    """The answer, eventually consistent where that is ordered: reads after a write see what was before it."""
    if not faults.stale or not call.startswith("ec2."):
        return application(environ, start_response)
    if not call.startswith("ec2.Describe"):
        faults.to_come = faults.stale
        return application(environ, start_response)
    known = faults.before.get(content)
    if known is not None and faults.to_come > 0:
        faults.to_come -= 1
        answer = known
    else:
        answer = faults.before[content] = _kept(application, environ)
    start_response(*answer[:2])
    return answer[2]


def _signer(environ: dict[str, Any]) -> str:
    """The access key that a request is signed with."""
    found = _KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
    return found[1] if found else ""


def _ordered(environ: dict[str, Any], start_response: StartResponse, faults: Faults) -> Iterable[bytes]:
    match environ["REQUEST_METHOD"]:
        case "DELETE":
            faults.clear()
        case "POST":
            for one in json.loads(body_of(environ)):
                kind = Ending if "service" in one else Analysis if "members" in one else Fault
                faults.add(kind(**one))
    listed = json.dumps([asdict(fault) for fault, _ in faults.pending]).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(listed)))])
    return [listed]


def body_of(environ: dict[str, Any]) -> bytes:
    """The request's body, which stays there to be read again."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _call_of(environ: dict[str, Any]) -> tuple[str, str]:
    """The call as `service.Operation`, and what the request holds; empty for what is no signed call."""
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if scope is None:
        return "", ""
    place = f"{environ.get('PATH_INFO', '')}?{environ.get('QUERY_STRING', '')}"
    service = scope[1]
    if service == "s3":
        return f"s3.{_s3_operation(environ)}", place
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    body = body_of(environ).decode("utf-8", "replace") if environ.get("HTTP_TRANSFER_ENCODING") is None else ""
    operation: str = target.rpartition(".")[2] or (parse_qs(body).get("Action") or [""])[0]
    return f"{service}.{operation or environ.get('PATH_INFO', '')}", place + body


def _s3_operation(environ: dict[str, Any]) -> str:
    method: str = environ["REQUEST_METHOD"]
    query = environ.get("QUERY_STRING", "")
    key = environ.get("PATH_INFO", "").strip("/").partition("/")[2]
    if method == "GET" and not key:
        return "ListObjectsV2" if "list-type=2" in query else "GetBucket"
    return {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}.get(method, method)


def _as_error(service: str, fault: Fault, environ: dict[str, Any]) -> tuple[int, str, bytes]:
    code, message = escape(fault.code), escape(fault.message)
    if service == "s3":
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return _S3_STATUS.get(fault.code, 403), "application/xml", body.encode()
    if service in ("guardduty", "detective"):
        status = 429 if fault.code == "TooManyRequestsException" else 403
        return status, "application/json", json.dumps({"__type": fault.code, "message": fault.message}).encode()
    if "HTTP_X_AMZ_TARGET" in environ:
        error = {"__type": fault.code, "message": fault.message}
        return 400, "application/x-amz-json-1.1", json.dumps(error).encode()
    inner = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    root = "Response" if service == "ec2" else "ErrorResponse"
    body = f"<{root}><Errors>{inner}</Errors></{root}>" if service == "ec2" else f"<{root}>{inner}</{root}>"
    return _status_of(fault.code), "text/xml", body.encode()


def _status_of(code: str) -> int:
    if "Limit" in code or "Throttl" in code or code in ("Unavailable", "ServiceUnavailable"):
        return 503
    return 500 if code in ("InternalError", "InternalFailure") else 403
