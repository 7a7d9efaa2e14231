"""What went wrong with a call to AWS, in one line that says who must do what.

Trouble with the credentials stops everything (`NotPermitted`); trouble with one call is the text of its `Unseen`.
"""

from __future__ import annotations

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from diagnosis.sources import NotPermitted, SourceUnavailable

SIGN_IN = "sign in with `aws sso login`, or set AWS_PROFILE (or --profile) to a profile that works"
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "Client.UnauthorizedOperation",
        "NotAuthorized",
        "UnauthorizedException",
        "UnauthorizedOperation",
    }
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_WRONG = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "MissingAuthenticationToken",
        "NotSignedUp",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_NOT_OFFERED = frozenset({"InvalidAction", "UnknownOperationException", "UnsupportedOperation"})
"""Said of an action that AWS does not have in this partition or Region
(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html)."""
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.TokenRetrievalError,
    boto.SSOError,
    boto.NoAuthTokenError,
    getattr(boto, "LoginError", boto.SSOError),  # `aws login` came with a later botocore than the oldest we accept
)
_NO_CONNECTION = (boto.HTTPClientError, boto.ConnectionError)
FAILURES = (boto.BotoCoreError, boto.ClientError, ResponseParserError)
"""All that a call can raise for reasons outside this program (boto3 has no common base class)."""
_LONGEST = 200
"""Of AWS's own words, so many characters are quoted."""


def stops_everything(error: Exception) -> NotPermitted | None:
    """The error to raise where no further call can succeed: no credentials, or expired ones."""
    if isinstance(error, _NO_CREDENTIALS):
        return NotPermitted(f"No usable AWS credentials ({_one_line(error)}): {SIGN_IN}.")
    if isinstance(error, boto.ClientError) and _code(error) in _EXPIRED:
        return NotPermitted(f"The AWS credentials have expired ({_code(error)}): {SIGN_IN}.")
    return None


def no_identity(error: Exception, region: str) -> SourceUnavailable:
    """The error to raise where AWS does not say whose credentials these are (sts:GetCallerIdentity failed)."""
    stopped = stops_everything(error)
    if stopped is not None:
        return stopped
    if isinstance(error, boto.ClientError):
        code = _code(error)
        if code in _WRONG or code in _DENIED:
            return NotPermitted(f"AWS does not accept these credentials in {region} ({code}): {SIGN_IN}.")
        return SourceUnavailable(f"AWS did not say whose credentials these are ({code}): try again in a minute.")
    if isinstance(error, _NO_CONNECTION):
        return SourceUnavailable(
            f"AWS could not be reached in {region} ({_one_line(error)}): check the network, the proxy and the Region, "
            "then try again."
        )
    return SourceUnavailable(f"AWS did not say whose credentials these are ({_one_line(error)}).")


def why_unseen(error: Exception, action: str) -> str:
    """Why one call gave no answer, naming the IAM action where that is what it lacks."""
    if isinstance(error, boto.ClientError):
        code = _code(error)
        if code in _DENIED:
            return f"not permitted: needs {action} ({code})"
        if code in _THROTTLED:
            return f"AWS throttled {action} and went on doing so after retries ({code}): try again later"
        if code in _WRONG:
            return f"the account or its credentials are not enabled for this Region ({code})"
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        message = str(error.response.get("Error", {}).get("Message") or "")
        if status in (405, 501) or code in _NOT_OFFERED or (status == 404 and code == "404"):
            return f"{action} is not offered here ({code})"
        if not message or message.lstrip().startswith("<"):  # the error page of a proxy or gateway
            return f"{action} failed: {code}"
        return f"{action} failed: {code}: {_shorten(message)}"
    if isinstance(error, _NO_CONNECTION):
        return f"no connection for {action}: {_one_line(error)}"
    if isinstance(error, ResponseParserError):
        return f"{action} gave an answer that is not AWS's: probably not offered here"
    return f"{action} failed: {_one_line(error)}"


def unavailable(error: Exception, action: str) -> SourceUnavailable:
    """The error to raise where the one call fails on which a whole source hangs; its text says who must act."""
    stopped = stops_everything(error)
    if stopped is not None:
        return stopped
    reason = why_unseen(error, action)
    if is_denied(error):
        return NotPermitted(f"{reason}; an account administrator can grant {action}.", action=action)
    return SourceUnavailable(f"{reason.rstrip('.')}.")


def is_denied(error: Exception) -> bool:
    """Whether AWS says that a permission is missing."""
    return isinstance(error, boto.ClientError) and _code(error) in _DENIED


def is_throttled(error: Exception) -> bool:
    """Whether AWS says that it was asked too often, and did nothing."""
    return isinstance(error, boto.ClientError) and _code(error) in _THROTTLED


def said_by(error: Exception) -> str:
    """AWS's own words, on one line, cut; empty where there are none."""
    if not isinstance(error, boto.ClientError):
        return ""
    return _shorten(str(error.response.get("Error", {}).get("Message") or ""))


def code_of(error: Exception) -> str:
    """AWS's error code; empty for what is no answer of AWS."""
    return _code(error) if isinstance(error, boto.ClientError) else ""


def _code(error: boto.ClientError) -> str:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return _shorten(str(error.response.get("Error", {}).get("Code") or f"HTTP {status or 'error'}"))


def _one_line(error: Exception) -> str:
    return _shorten(str(error) or type(error).__name__)


def _shorten(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
