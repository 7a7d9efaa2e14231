"""Every way in which a call fails is one line that says who must do what."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from diagnosis.aws.errors import no_identity, stops_everything, why_unseen
from diagnosis.sources import NotPermitted, SourceUnavailable

ACTION = "ec2:DescribeSubnets"


def refused(code: str, message: str = "", status: int = 400) -> boto.ClientError:
    return boto.ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "DescribeSubnets",
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            refused("UnauthorizedOperation", "You are not", 403),
            f"not permitted: needs {ACTION} (UnauthorizedOperation)",
        ),
        (refused("AccessDenied"), f"not permitted: needs {ACTION} (AccessDenied)"),
        (refused("AccessDeniedException"), f"not permitted: needs {ACTION} (AccessDeniedException)"),
        (
            refused("RequestLimitExceeded", "", 503),
            f"AWS throttled {ACTION} and went on doing so after retries (RequestLimitExceeded): try again later",
        ),
        (refused("AuthFailure"), "the account or its credentials are not enabled for this Region (AuthFailure)"),
        (refused("404", "Not Found", 404), f"{ACTION} is not offered here (404)"),
        (refused("InvalidAction", "The action is not valid"), f"{ACTION} is not offered here (InvalidAction)"),
        (refused("UnsupportedOperation", "Not supported"), f"{ACTION} is not offered here (UnsupportedOperation)"),
        (refused("500", "<!doctype html><title>500</title>", 500), f"{ACTION} failed: 500"),
        (refused("", "", 403), f"{ACTION} failed: HTTP 403"),
        (
            refused("InvalidPrefixListID.NotFound", "no such\nlist \x1b[31m"),
            f"{ACTION} failed: InvalidPrefixListID.NotFound: no such list [31m",
        ),
        (ResponseParserError("invalid XML"), f"{ACTION} gave an answer that is not AWS's: probably not offered here"),
        (
            boto.EndpointConnectionError(endpoint_url="https://ec2.nowhere"),
            f'no connection for {ACTION}: Could not connect to the endpoint URL: "https://ec2.nowhere"',
        ),
        (
            boto.ReadTimeoutError(endpoint_url="https://ec2.nowhere"),
            f'no connection for {ACTION}: Read timeout on endpoint URL: "https://ec2.nowhere"',
        ),
        (boto.ParamValidationError(report="x"), f"{ACTION} failed: Parameter validation failed: x"),
    ],
)
def test_a_failed_call_says_why_in_one_line(error: Exception, text: str) -> None:
    assert why_unseen(error, ACTION) == text
    assert stops_everything(error) is None


def test_what_aws_says_is_quoted_only_so_far() -> None:
    assert len(why_unseen(refused("Whatever", "x" * 10_000), ACTION)) < 300


@pytest.mark.parametrize(
    "error",
    [
        boto.NoCredentialsError(),
        boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        boto.CredentialRetrievalError(provider="process", error_msg="exit 1"),
        boto.UnauthorizedSSOTokenError(),
        boto.SSOTokenLoadError(error_msg="no token"),
        boto.TokenRetrievalError(provider="sso", error_msg="Token has expired and refresh failed"),
        refused("ExpiredToken"),
        refused("ExpiredTokenException"),
        refused("RequestExpired"),
    ],
)
def test_missing_or_expired_credentials_stop_everything_and_say_how_to_sign_in(error: Exception) -> None:
    for stopped in (stops_everything(error), no_identity(error, "us-east-1")):
        assert isinstance(stopped, NotPermitted)
        assert "aws sso login" in str(stopped)
        assert "AWS_PROFILE" in str(stopped)
        assert "\n" not in str(stopped)


def test_an_identity_that_aws_is_too_busy_to_tell_is_asked_for_again() -> None:
    error = no_identity(refused("ServiceUnavailable"), "us-east-1")

    assert not isinstance(error, NotPermitted)
    assert isinstance(error, SourceUnavailable)
    assert "try again" in str(error)
