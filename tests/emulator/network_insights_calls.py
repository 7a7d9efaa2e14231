"""The calls of VPC Reachability Analyzer, which moto lacks, by botocore's shapes and with EC2's error codes.

Error codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and those that AWS's own
CloudFormation resources for these objects name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response

from tests.emulator.faults import FAULTS, Faults
from tests.emulator.network_insights import MOST_ANALYSES, MOST_PATHS, MOST_RUNNING, Insights, insights_of
from tests.emulator.operations import install_actions

_IPV4 = re.compile(r"([0-9]{1,3}\.){3}[0-9]{1,3}")
_PATH_MEMBERS = ("SourceIp", "DestinationIp", "Protocol", "DestinationPort", "FilterAtSource", "FilterAtDestination")
_KEPT_AT = {
    "i-": "instances",
    "igw-": "internet_gateways",
    "eni-": "enis",
    "tgw-attach-": "transit_gateway_attachments",
    "tgw-": "transit_gateways",
    "vgw-": "vpn_gateways",
    "vpce-svc-": "configurations",
    "vpce-": "vpc_end_points",
    "pcx-": "vpc_pcxs",
}
"""What a path may begin or end at, and where moto keeps it."""


def install_network_insights(faults: Faults = FAULTS) -> None:
    """Add the calls to moto's EC2."""

    def start(response: Any) -> ActionResult:
        return _start(response, faults)

    def analyses(response: Any) -> ActionResult:
        return _analyses(response, faults)

    def paths(response: Any) -> ActionResult:
        found = _named(insights_of(response.ec2_backend).paths, _list(response, "NetworkInsightsPathIds"), "Path")
        chosen = [path for path in found if _fits(path, _filters(response), _OF_PATHS)]
        return _page(response, "NetworkInsightsPaths", chosen, faults)

    install_actions(
        EC2Response,
        {
            "create_network_insights_path": _create,
            "start_network_insights_analysis": start,
            "describe_network_insights_analyses": analyses,
            "describe_network_insights_paths": paths,
            "delete_network_insights_analysis": _delete_analysis,
            "delete_network_insights_path": _delete_path,
        },
    )


def _create(response: Any) -> ActionResult:
    insights = insights_of(response.ec2_backend)
    given = {name: value for name in _PATH_MEMBERS if (value := response._get_param(name)) is not None}
    source, destination = response._get_param("Source"), response._get_param("Destination")
    _check_path(given, source, destination)
    known = _repeated(insights, response, insights.paths)
    if known is None:
        response.error_on_dryrun()
        for side, name in (("Source", source), ("Destination", destination)):
            if name:
                _check_party(response, side, name)
                given |= {side: name.rsplit("/", 1)[-1], **({f"{side}Arn": name} if name.startswith("arn:") else {})}
        if len(insights.paths) >= MOST_PATHS:
            raise EC2ClientError(
                "NetworkInsightsPath.LimitExceeded", f"The maximum number of paths ({MOST_PATHS}) has been reached."
            )
        given["Tags"] = _tags(response, "network-insights-path")
        known = insights.add_path(given, response.region, response.current_account)
        _remember(insights, response, known["NetworkInsightsPathId"])
    return ActionResult({"NetworkInsightsPath": known})


def _check_path(given: Mapping[str, Any], source: str | None, destination: str | None) -> None:
    if not source:
        raise EC2ClientError("MissingParameter", "The request must contain the parameter Source")
    if given.get("Protocol") not in {"tcp", "udp"}:
        raise EC2ClientError("InvalidParameterValue", f"Value ({given.get('Protocol')}) for Protocol is invalid.")
    at_source, at_destination = given.get("FilterAtSource") or {}, given.get("FilterAtDestination") or {}
    if at_source and (given.keys() & {"SourceIp", "DestinationPort"}):
        raise EC2ClientError("InvalidParameterCombination", "FilterAtSource excludes SourceIp and DestinationPort.")
    if at_destination and "DestinationIp" in given:
        raise EC2ClientError("InvalidParameterCombination", "FilterAtDestination excludes DestinationIp.")
    if not (destination or given.get("DestinationIp") or at_source.get("DestinationAddress")):
        raise EC2ClientError("MissingParameter", "The request must contain the parameter Destination")
    addresses = [given.get("SourceIp"), given.get("DestinationIp")]
    addresses += [each.get(name) for each in (at_source, at_destination) for name in each if name.endswith("Address")]
    for address in addresses:
        if address is not None and not _IPV4.fullmatch(address):
            raise EC2ClientError("InvalidParameterValue", f"({address}) is not a valid IPv4 address.")


def _check_party(response: Any, side: str, name: str) -> None:
    identity = name.rsplit("/", 1)[-1]
    kept = next((kept for prefix, kept in _KEPT_AT.items() if identity.startswith(prefix)), None)
    if kept is None:
        raise EC2ClientError("InvalidParameterValue", f"Value ({name}) for {side} is of an unsupported resource type.")
    backend = response.ec2_backend
    there = (
        any(one.id == identity for one in backend.all_instances())
        if kept == "instances"
        else identity in getattr(backend, kept, {})
    )
    if not there and not name.startswith("arn:"):  # what an ARN names may be another account's
        raise EC2ClientError(f"NetworkInsights{side}.NotFound", f"The {side.lower()} {identity} does not exist.")


def _start(response: Any, faults: Faults) -> ActionResult:
    insights = insights_of(response.ec2_backend)
    path = response._get_param("NetworkInsightsPathId")
    _named(insights.paths, [path], "Path")
    known = _repeated(insights, response, {name: one.members for name, one in insights.analyses.items()})
    if known is None:
        response.error_on_dryrun()
        running = sum(one.running for one in insights.analyses.values())
        if len(insights.analyses) >= MOST_ANALYSES or running >= MOST_RUNNING:
            raise EC2ClientError(
                "NetworkInsightsAnalysis.LimitExceeded", "The maximum number of analyses has been reached."
            )
        given = {name: _list(response, name) for name in ("AdditionalAccounts", "FilterInArns", "FilterOutArns")}
        members = {"NetworkInsightsPathId": path, **{name: value for name, value in given.items() if value}}
        members["Tags"] = _tags(response, "network-insights-analysis")
        known = insights.add_analysis(members, faults, response.region, response.current_account)
        _remember(insights, response, known["NetworkInsightsAnalysisId"])
    return ActionResult({"NetworkInsightsAnalysis": known})


def _analyses(response: Any, faults: Faults) -> ActionResult:
    insights = insights_of(response.ec2_backend)
    names, path = _list(response, "NetworkInsightsAnalysisIds"), response._get_param("NetworkInsightsPathId")
    if path is not None:
        _named(insights.paths, [path], "Path")
    found = []
    for one in _named(insights.analyses, names, "Analysis"):
        one.advance()
        if (path is None or one.members["NetworkInsightsPathId"] == path) and _fits(
            one.members, _filters(response), _OF_ANALYSES
        ):
            found.append(one.members)
    return _page(response, "NetworkInsightsAnalyses", found, faults)


def _delete_analysis(response: Any) -> ActionResult:
    insights = insights_of(response.ec2_backend)
    name = response._get_param("NetworkInsightsAnalysisId")
    _named(insights.analyses, [name], "Analysis")
    response.error_on_dryrun()
    del insights.analyses[name]
    return ActionResult({"NetworkInsightsAnalysisId": name})


def _delete_path(response: Any) -> ActionResult:
    insights = insights_of(response.ec2_backend)
    name = response._get_param("NetworkInsightsPathId")
    _named(insights.paths, [name], "Path")
    if any(insights.of_path(name)):
        raise EC2ClientError(
            "AnalysisExistsForNetworkInsightsPath", f"Analyses exist for the path {name}: delete them first."
        )
    response.error_on_dryrun()
    del insights.paths[name]
    return ActionResult({"NetworkInsightsPathId": name})


def _named(kept: Mapping[str, Any], names: Iterable[str], kind: str) -> list[Any]:
    """What is kept under these names, or all where none is given."""
    for name in names:
        if name not in kept:
            raise EC2ClientError(f"InvalidNetworkInsights{kind}Id.NotFound", f"The {kind.lower()} {name} is not there.")
    return [kept[name] for name in (names or tuple(kept))]


def _list(response: Any, name: str) -> list[str]:
    return list(response._get_param(name) or ())


def _tags(response: Any, kind: str) -> list[dict[str, str]]:
    specified = response._get_param("TagSpecifications") or ()
    for one in specified:
        if one.get("ResourceType") != kind:
            raise EC2ClientError("InvalidParameterValue", f"'{one.get('ResourceType')}' is not taggable here.")
    return [dict(tag) for one in specified for tag in one.get("Tags") or ()]


def _asked(response: Any) -> str:
    return repr(sorted((name, repr(value)) for name, value in response.params.items() if name != "ClientToken"))


def _repeated(insights: Insights, response: Any, kept: Mapping[str, Any]) -> Any:
    """What the same client token gave before, where it is still there."""
    token = response._get_param("ClientToken")
    if not token:
        raise EC2ClientError("MissingParameter", "The request must contain the parameter ClientToken")
    asked, name = insights.tokens.get(token, ("", ""))
    if name and asked != _asked(response):
        raise EC2ClientError("IdempotentParameterMismatch", "The client token was used for another request.")
    return kept.get(name)


def _remember(insights: Insights, response: Any, name: str) -> None:
    insights.tokens[response._get_param("ClientToken")] = (_asked(response), name)


_OF_PATHS = {
    "source": "Source",
    "destination": "Destination",
    "protocol": "Protocol",
    "destination-port": "DestinationPort",
    "filter-at-source.source-address": "FilterAtSource.SourceAddress",
    "filter-at-source.destination-address": "FilterAtSource.DestinationAddress",
    "filter-at-destination.source-address": "FilterAtDestination.SourceAddress",
    "filter-at-destination.destination-address": "FilterAtDestination.DestinationAddress",
}
_OF_ANALYSES = {"path-found": "NetworkPathFound", "status": "Status"}


def _filters(response: Any) -> list[tuple[str, list[str]]]:
    return [(one.get("Name", ""), list(one.get("Values") or ())) for one in response._get_param("Filters") or ()]


def _fits(members: Mapping[str, Any], filters: Iterable[tuple[str, list[str]]], known: Mapping[str, str]) -> bool:
    return all(
        any(fnmatchcase(value, wanted) for value in _values(members, name, known) for wanted in values)
        for name, values in filters
    )


def _values(members: Mapping[str, Any], name: str, known: Mapping[str, str]) -> list[str]:
    tags = members.get("Tags") or ()
    if name.startswith("tag:"):
        return [tag["Value"] for tag in tags if tag["Key"] == name.removeprefix("tag:")]
    if name == "tag-key":
        return [tag["Key"] for tag in tags]
    if name not in known:
        raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
    value: Any = members
    for part in known[name].split("."):
        value = (value or {}).get(part)
    return [] if value is None else [str(value).lower() if isinstance(value, bool) else str(value)]


def _page(response: Any, key: str, found: list[Any], faults: Faults) -> ActionResult:
    most = int(response._get_param("MaxResults") or 100)
    if not 1 <= most <= 100:
        raise EC2ClientError("InvalidParameterValue", f"Value ({most}) for MaxResults is invalid.")
    token = response._get_param("NextToken") or "0"
    if not token.isdigit():
        raise EC2ClientError("InvalidNextToken", "The specified next token is invalid.")
    start, size = int(token), min(most, faults.page)
    page: dict[str, Any] = {key: found[start : start + size]}
    return ActionResult(page | ({"NextToken": str(start + size)} if start + size < len(found) else {}))
