"""What AWS's answer to a write means: was it done, may it have been, and who must act.

Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

from botocore import exceptions as boto

from bot.repair.writing import Busy, Clash, NoAnswer, NotThere, Refused
from diagnosis.aws.errors import FAILURES as OF_AWS
from diagnosis.aws.errors import code_of, is_denied, is_throttled, said_by, stops_everything

__all__ = ["OF_AWS", "as_ours", "is_gone", "is_rehearsed"]

_CLASHES = frozenset({"InvalidPermission.Duplicate", "NetworkAclEntryAlreadyExists"})
_NOT_THERE = frozenset(
    {"InvalidNetworkAclEntry.NotFound", "InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound"}
)
_GONE = frozenset({"InvalidGroup.NotFound", "InvalidNetworkAclID.NotFound"})
_FULL = {
    "RulesPerSecurityGroupLimitExceeded": "the security group has no room for another rule (AWS's quota)",
    "SecurityGroupRulesPerInterfaceLimitExceeded": "an interface of the group has no room for more rules (AWS's quota)",
    "RulesPerNetworkInterfaceLimitExceeded": "an interface of the group has no room for more rules (AWS's quota)",
    "NetworkAclEntryLimitExceeded": "the network ACL has no room for another entry (AWS's quota)",
}
_NOT_SENT = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError)
"""No connection came about, so nothing was asked."""
_NOT_ASKED = (
    boto.InvalidEndpointConfigurationError,
    boto.InvalidRegionError,
    boto.NoRegionError,
    boto.ParamValidationError,
)
"""The request was never made."""


def is_rehearsed(error: Exception) -> bool:
    """Whether a dry run says that the call would have been permitted."""
    return code_of(error) == "DryRunOperation"


def is_gone(error: Exception) -> bool:
    """Whether the group or ACL itself is not there."""
    return code_of(error) in _GONE


def as_ours(error: Exception, action: str) -> Exception:
    """The error of a Writer that an error of AWS stands for."""
    code = code_of(error)
    if isinstance(error, _NOT_SENT):
        return Refused(f"AWS cannot be reached for {action}: check the network and try again.")
    stopped = stops_everything(error)
    if stopped is not None:
        return Refused(str(stopped))
    if not isinstance(error, boto.ClientError):
        if isinstance(error, _NOT_ASKED):
            return Refused(f"{action} cannot be asked of AWS: {error}")
        # No answer, or one that is not AWS's: what was asked may have been done.
        return NoAnswer(f"AWS's answer to {action} was lost")
    if code in _CLASHES:
        return Clash(code)
    if code in _NOT_THERE:
        return NotThere(code)
    if is_throttled(error):
        return Busy(f"AWS throttled {action} ({code})")
    if is_denied(error):
        return Refused(
            f"Not permitted: {action} ({code}). An account administrator can grant it to the write role.", action=action
        )
    if code in _GONE:
        return Refused("The security group or network ACL does not exist any more.")
    if code in _FULL:
        return Refused(f"Nothing was done: {_FULL[code]}. The account's administrator can raise it or make room.")
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
        return NoAnswer(f"AWS failed at {action} ({code})")
    return Refused(f"AWS refused {action}: {code}: {said_by(error)}".rstrip(": ") + ".")
