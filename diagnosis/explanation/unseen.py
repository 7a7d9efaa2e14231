"""What was not seen, in an answer's form: the call that would show it, and what it would tell."""

from __future__ import annotations

from collections.abc import Iterable

from diagnosis.answer import Unseen
from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network


def unseen_items(network: Network, gaps: Iterable[Missing]) -> tuple[Unseen, ...]:
    """Gaps as an answer lists them, each once, with what is malformed said where that is the reason."""
    found: dict[Unseen, None] = {}
    for gap in gaps:
        reasons = [why for identity, why in network.malformed.items() if identity in gap.reason]
        error = f"{gap.reason} ({reasons[0]})" if reasons else gap.reason
        found[Unseen(call=gap.call, account=gap.account, region=gap.region, error=error)] = None
    return tuple(found)


def permission(call: str) -> str:
    """The IAM action of a call, as an administrator grants it: `ec2:DescribeSubnets`."""
    service, _, method = call.partition(".")
    prefix = {"elbv2": "elasticloadbalancing", "elb": "elasticloadbalancing", "efs": "elasticfilesystem"}
    return (
        f"{prefix.get(service, service)}:{''.join(part.capitalize() for part in method.split('_'))}" if method else call
    )
