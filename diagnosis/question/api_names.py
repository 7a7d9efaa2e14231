"""AWS APIs as a party: where a service word or a host name of AWS leads to from a VPC.

An interface endpoint with private DNS takes the service's own names over in its VPC, and nowhere else
(https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html); a gateway endpoint leaves
them public and catches their addresses by its route.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from diagnosis.network.network import Network
from diagnosis.network.vpc_endpoints import VpcEndpoint
from diagnosis.trace.placing import Anchor, AtInterface, AtInternet, InRange
from diagnosis.traffic.addresses import PUBLIC
from diagnosis.traffic.intervals import meet

HTTPS: Final = 443
_SUFFIXES: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+")
_OWN_NAME: Final = ".vpce.amazonaws.com"


@dataclass(frozen=True, slots=True)
class ApiName:
    """A host name of an AWS API: the service as endpoints name it (`s3`, `ecr.dkr`), and the Region where it says one."""

    service: str
    region: str | None


@dataclass(frozen=True, slots=True)
class Api:
    """What such a party is: its name in an answer, its places, and what was taken for granted."""

    name: str
    anchors: tuple[Anchor, ...]
    note: str | None = None


def api_name(host: str) -> ApiName | None:
    """The API that a host name means; None where it is no name of one, such as that of a database."""
    suffix = next((s for s in _SUFFIXES if host.endswith(s)), None)
    if suffix is None:
        return None
    labels = [label for label in host.removesuffix(suffix).split(".") if label != "dualstack"]
    at = next((i for i, label in enumerate(labels) if _REGION.fullmatch(label)), None)
    if at is None:
        last = labels[-1]
        if last == "s3" or last.startswith("s3-"):
            region = last.removeprefix("s3").removeprefix("-")
            return ApiName("s3", region if _REGION.fullmatch(region) else None)
        return None
    if at != len(labels) - 1 or at == 0:
        return None
    service = labels[at - 1].removesuffix("-fips")
    if service == "ecr" and at > 1 and labels[at - 2] in ("dkr", "api"):
        service = f"ecr.{labels[at - 2]}"
    return ApiName(service, labels[at])


def names_everywhere(endpoint: VpcEndpoint) -> tuple[str, ...]:
    """The names of an endpoint that resolve to it in every VPC: its own. Those of its service do so in its VPC only."""
    return tuple(n for n in endpoint.dns_names if _OWN_NAME in n)


def by_host(network: Network, host: str, near: str | None) -> Api | None:
    """A host name that an endpoint's private DNS takes over, or that is an AWS API's, as seen from the VPC `near`."""
    named = api_name(host)
    taken = [e for e in _interfaced(network, near) if _takes(e, host, named)]
    vpcs = {e.vpc for e in taken}
    if len(vpcs) == 1:
        return _at(taken[0], host, network)
    if named is None:
        return None
    public = _by_prefix_list(network, f".{named.region}.{named.service}" if named.region else f".{named.service}", host)
    return public or Api(host, (AtInternet(),), f"{host} is judged as the internet: no endpoint of it is seen here")


def by_word(network: Network, word: str, near: str | None) -> Api:
    """A service word: its interface endpoint in the other side's VPC, else its published ranges, else the internet."""
    why = "no endpoint of it is seen here"
    fitting = [
        e for e in network.endpoints.values() if e.service.rsplit(".", 1)[-1] == word or f".{word}." in e.service
    ]
    for endpoint in sorted(fitting, key=lambda e: e.private_dns is False):
        if endpoint.kind == "interface" and (near is None or endpoint.vpc == near):
            if any(eni in network.interfaces for eni in endpoint.interfaces):
                return _at(endpoint, word, network)
            if not endpoint.interfaces:
                why = f"its endpoint {endpoint.id} has no interface in any subnet"
    found = _by_prefix_list(network, f".{word}", word)
    return found or Api(word, (AtInternet(),), f"{word} is judged as the internet: {why}")


def _interfaced(network: Network, near: str | None) -> Iterator[VpcEndpoint]:
    for endpoint in network.endpoints.values():
        placed = endpoint.kind == "interface" and any(eni in network.interfaces for eni in endpoint.interfaces)
        if placed and (near is None or endpoint.vpc == near):
            yield endpoint


def _takes(endpoint: VpcEndpoint, host: str, named: ApiName | None) -> bool:
    """Whether a name resolves to an endpoint in its VPC."""
    if endpoint.private_dns is False:
        return False
    parent = host.partition(".")[2]
    if host in endpoint.dns_names or f"*.{parent}" in endpoint.dns_names:
        return True
    if endpoint.private_dns is None or named is None or named.region is None:
        return False
    return endpoint.service == f"com.amazonaws.{named.region}.{named.service}"


def _at(endpoint: VpcEndpoint, name: str, network: Network) -> Api:
    known = tuple(AtInterface(eni) for eni in endpoint.interfaces if eni in network.interfaces)
    return Api(f"{name} by {endpoint.id}", known)


def _by_prefix_list(network: Network, ending: str, name: str) -> Api | None:
    """The published ranges of a service, where AWS's prefix list of them was seen."""
    for prefix_list in network.prefix_lists.values():
        if prefix_list.name and prefix_list.name.startswith("com.amazonaws.") and prefix_list.name.endswith(ending):
            four = meet(prefix_list.addresses or (), PUBLIC)
            if four:
                return Api(f"{name} ({prefix_list.id})", (InRange(four),))
    return None
