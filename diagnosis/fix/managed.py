"""Components that something else keeps as it wants them: told by the tags that Terraform and CloudFormation users set.

CloudFormation tags what it makes, and nobody can set `aws:` tags by hand:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html.
Terraform tags nothing by itself; what people commonly set to say so is looked for, and its absence says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from diagnosis.answer import ManagedBy
from diagnosis.fix.change import Change
from diagnosis.network.network import Network
from diagnosis.network.owners import label

_STACK: Final = "aws:cloudformation:"
_SAYS_WHO: Final = re.compile(
    r"(?:managed|provisioned|created|deployed|maintained|owned)[-_: .]?(?:by|with|using)|provisioner|orchestrator|iac"
    r"|tool|source|automation",
    re.IGNORECASE,
)
_TERRAFORM: Final = re.compile(r"terraform|terragrunt|opentofu|\btofu\b|\bhcl\b", re.IGNORECASE)
_OF_TERRAFORM: Final = re.compile(r"tf[-_:/]|terraform|terragrunt|opentofu|tofu[-_:/]", re.IGNORECASE)
_NO: Final = frozenset({"false", "no", "0", "none", "off"})


@dataclass(frozen=True, slots=True)
class Managed:
    """Something that is edited and is kept by something else."""

    by: ManagedBy
    component: str
    stack: str = ""
    """The CloudFormation stack, where its name is told."""


def managed(network: Network, changes: Iterable[Change]) -> tuple[Managed, ...]:
    """What the changes edit that something else keeps, each component once; CloudFormation, which is sure, first."""
    found = {change.component: _managed(network, change.component) for change in changes}
    return tuple(sorted((one for one in found.values() if one is not None), key=lambda one: (one.by, one.component)))


def _managed(network: Network, component: str) -> Managed | None:
    edited = network.groups.get(component) or network.acls.get(component)
    tags = dict(edited.tags) if edited is not None else {}
    if any(key.startswith(_STACK) for key in tags):
        return Managed("CloudFormation", component, tags.get(f"{_STACK}stack-name", ""))
    if any(_says_terraform(key, value) for key, value in tags.items()):
        return Managed("Terraform", component)
    return None


def _says_terraform(key: str, value: str) -> bool:
    if _OF_TERRAFORM.match(key.strip()):
        return value.strip().lower() not in _NO
    return bool(_SAYS_WHO.fullmatch(key.strip()) and _TERRAFORM.search(value))


def warning(network: Network, found: tuple[Managed, ...]) -> str:
    """What whoever is about to make the change by hand should know; "" where nothing else keeps anything."""
    return " ".join(_sentence(network, one) for one in found)


def _sentence(network: Network, one: Managed) -> str:
    what = label(network, one.component)
    if one.by == "CloudFormation":
        stack = f" (stack {one.stack})" if one.stack else ""
        return (
            f"{what} is managed by CloudFormation{stack}: the next update of the stack may undo this change, so make "
            "it in the template too."
        )
    return f"{what} is managed by Terraform by its tags: the next apply will undo this change, so make it there too."
