"""Every explanation of Reachability Analyzer is parsed and told, those that no list holds too."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.evidence.analysis import parse_analysis, parse_explanation
from diagnosis.evidence.analysis_codes import DETAILS, EXPLANATIONS
from diagnosis.evidence.analysis_failures import why_failed
from diagnosis.evidence.analysis_rules import told

COMPONENTS = {
    "Acl": "acl-0a1",
    "Component": "tgw-attach-0a1",
    "AttachedTo": "vpc-0a1",
    "DestinationVpc": "vpc-0b2",
    "ElasticLoadBalancerListener": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop/1/2",
    "IngressRouteTable": "rtb-0e1",
    "InternetGateway": "igw-0a1",
    "LoadBalancerTargetGroup": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop/1",
    "NatGateway": "nat-0a1",
    "NetworkInterface": "eni-0a1",
    "RouteTable": "rtb-0a1",
    "SecurityGroup": "sg-0a1",
    "SourceVpc": "vpc-0a1",
    "Subnet": "subnet-0a1",
    "SubnetRouteTable": "rtb-0b2",
    "TransitGateway": "tgw-0a1",
    "TransitGatewayAttachment": "tgw-attach-0a1",
    "TransitGatewayRouteTable": "tgw-rtb-0a1",
    "Vpc": "vpc-0a1",
    "VpcEndpoint": "vpce-0a1",
    "VpcPeeringConnection": "pcx-0a1",
    "VpnConnection": "vpn-0a1",
    "VpnGateway": "vgw-0a1",
}
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/1"
FIREWALL = "arn:aws:network-firewall:us-east-1:123456789012:stateful-rulegroup/egress"
OTHERS: dict[str, Any] = {
    "LoadBalancerArn": BALANCER,
    "MissingComponent": "eni-0gone",
    "SecurityGroups": [{"Id": "sg-0a1", "Name": "web"}, {"Id": "sg-0b2"}],
    "LoadBalancerTargetGroups": [{"Arn": COMPONENTS["LoadBalancerTargetGroup"]}],
    "LoadBalancerTarget": {"Address": "10.0.2.20", "Port": 8080, "Instance": {"Id": "i-0a1"}},
    "FirewallStatefulRule": {"RuleGroupArn": FIREWALL, "RuleAction": "drop", "Protocol": "TCP"},
    "FirewallStatelessRule": {"RuleGroupArn": FIREWALL, "RuleAction": "drop", "Priority": 1},
}
IDS = {
    "LoadBalancerArn": [BALANCER],
    "SecurityGroups": ["sg-0a1", "sg-0b2"],
    "FirewallStatefulRule": [FIREWALL],
}
"""Of members that are no component: what they name."""
AWS_SHAPES: Any = botocore.session.get_session().get_service_model("ec2")


def explanation(code: str) -> dict[str, Any]:
    """An explanation in botocore's shape, with the members that the table looks at and some that only tell."""
    members = EXPLANATIONS[code].members if code in EXPLANATIONS else ()
    told = {m: OTHERS[m] if m in OTHERS else {"Id": COMPONENTS[m], "Name": f"the-{m.lower()}"} for m in members}
    item = {"ExplanationCode": code, "Direction": "ingress", "Port": 3306, "Cidrs": ["10.0.0.0/16"], **told}
    assert item.keys() <= AWS_SHAPES.shape_for("Explanation").members.keys()
    return item


def test_the_table_holds_the_codes_that_aws_documents() -> None:
    assert len(EXPLANATIONS) == 89
    assert len(DETAILS) == 11
    documented = AWS_SHAPES.shape_for("Explanation").members.keys()
    assert {member for told in EXPLANATIONS.values() for member in told.members} <= documented


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_a_documented_code_names_its_component_and_says_what_it_does(code: str) -> None:
    found = parse_explanation(explanation(code))

    told = EXPLANATIONS[code]
    assert found.standing == told.standing
    assert "{" not in found.text
    assert found.text.endswith(").")
    assert "port 3306; cidrs 10.0.0.0/16" in found.text
    if told.members:
        assert [one.id for one in found.blamed] == IDS.get(told.members[0], [COMPONENTS.get(told.members[0])])
        assert all(one.id in found.text for one in found.blamed)
    else:
        assert found.text.startswith(("AWS ", "The request "))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            "ENI_SG_RULES_MISMATCH",
            "Each of web (sg-0a1), sg-0b2 has no inbound rule that admits the traffic (port 3306; cidrs 10.0.0.0/16).",
        ),
        (
            "SUBNET_ACL_RESTRICTION",
            "the-acl (acl-0a1) does not admit the traffic inbound (port 3306; cidrs 10.0.0.0/16).",
        ),
        (
            "IGW_EXPECTS_PUBLIC_ADDRESS",
            "the-internetgateway (igw-0a1) takes only public addresses (port 3306; cidrs 10.0.0.0/16).",
        ),
    ],
)
def test_sentences_read_as_a_person_would_say_them(code: str, sentence: str) -> None:
    assert parse_explanation(explanation(code)).text == sentence


def test_without_a_direction_no_direction_is_told() -> None:
    acl = parse_explanation({"ExplanationCode": "SUBNET_ACL_RESTRICTION", "Acl": {"Id": "acl-0a1"}})
    group = parse_explanation({"ExplanationCode": "SG_HAS_NO_RULES", "SecurityGroup": {"Id": "sg-0a1"}})

    assert acl.text == "acl-0a1 does not admit the traffic."
    assert group.text == "sg-0a1 has no rules at all."


def test_a_code_and_members_that_no_list_holds_are_kept_and_told() -> None:
    found = parse_explanation(
        {
            "ExplanationCode": "QUANTUM_GATEWAY_DECOHERED",
            "QuantumGateway": {"Id": "qgw-0a1", "Name": "cat"},
            "Phase": {"Angle": 90, "Unit": "degrees"},
        }
    )

    assert found.standing == "unlisted"
    assert found.text == "QUANTUM_GATEWAY_DECOHERED: cat (qgw-0a1) phase angle 90, unit degrees"


def test_an_analysis_keeps_its_hops_in_order_with_rules_details_and_what_is_new() -> None:
    stop = {"SequenceNumber": 2, "Component": {"Id": "acl-0a1"}, "Explanations": [explanation("CANNOT_ROUTE")]}
    stop |= {"AclRule": {"Cidr": "0.0.0.0/0", "Egress": True, "PortRange": {"From": 1024, "To": 65535}}}
    stop |= {"AdditionalDetails": [{"AdditionalDetailType": "AVAILABILITY_ZONE_CROSSED"}]}
    first = {"SequenceNumber": 1, "Component": {"Id": "eni-0a1", "Arn": "arn:aws:ec2:x"}}

    found = parse_analysis(
        {
            "NetworkInsightsAnalysisId": "nia-0a1",
            "NetworkInsightsPathId": "nip-0a1",
            "Status": "succeeded",
            "NetworkPathFound": False,
            "ForwardPathComponents": [stop, first],
            "Explanations": [explanation("ENI_SG_RULES_MISMATCH"), explanation("CANNOT_ROUTE")],
            "SuggestedAccounts": ["210987654321"],
            "Confidence": {"Level": "high"},
        }
    )

    assert [one.component.id for one in found.forward] == ["eni-0a1", "acl-0a1"]
    assert found.forward[1].direction == "egress"
    assert found.forward[1].rule == "a rule 1024-65535 to 0.0.0.0/0"
    assert [one.code for one in found.explanations] == ["ENI_SG_RULES_MISMATCH", "CANNOT_ROUTE"]
    assert [one.code for one in found.details] == ["AVAILABILITY_ZONE_CROSSED"]
    assert found.accounts == ("210987654321",)
    assert found.further == {"Confidence": "level high"}
    assert found.reachable is False
    assert not found.one_way


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        (
            "AclRule",
            {"RuleNumber": 50, "RuleAction": "deny", "Protocol": "all", "Cidr": "0.0.0.0/0", "Egress": False},
            "rule 50 denies all from 0.0.0.0/0",
        ),
        (
            "AclRule",
            {"RuleNumber": 100, "RuleAction": "allow", "Protocol": "tcp", "PortRange": {"From": 1024, "To": 65535}},
            "rule 100 allows tcp 1024-65535",
        ),
        (
            "SecurityGroupRule",
            {
                "Direction": "ingress",
                "Protocol": "tcp",
                "PortRange": {"From": 22, "To": 22},
                "SecurityGroupId": "sg-0a1",
            },
            "rule tcp 22 from sg-0a1",
        ),
        (
            "RouteTableRoute",
            {"DestinationCidr": "0.0.0.0/0", "NatGatewayId": "nat-0a1", "State": "blackhole", "Origin": "createroute"},
            "route 0.0.0.0/0 → nat-0a1 (blackhole), origin createroute",
        ),
        (
            "TransitGatewayRouteTableRoute",
            {"DestinationCidr": "10.0.0.0/8", "AttachmentId": "tgw-attach-0a1", "State": "active", "New": {"A": 1}},
            "route 10.0.0.0/8 → tgw-attach-0a1, new A 1",
        ),
        ("AvailabilityZones", ["us-east-1a", "us-east-1b"], "availability zones us-east-1a, us-east-1b"),
        ("PortRanges", [{"From": 1024, "To": 65535}, {"From": 80, "To": 80}], "port ranges 1024-65535, 80"),
    ],
)
def test_rules_and_routes_are_told_in_our_words_and_what_is_new_in_them_after_that(
    member: str, value: Any, words: str
) -> None:
    assert told(member, value) == words


@pytest.mark.parametrize("status", ["running", "failed", "succeeded", "else"])
def test_only_an_analysis_that_succeeded_says_whether_there_is_a_path(status: str) -> None:
    found = parse_analysis({"Status": status, "NetworkPathFound": True})

    assert found.reachable is (True if status == "succeeded" else None)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = sorted(AWS_SHAPES.shape_for("NetworkInsightsAnalysis").members)


@given(st.dictionaries(st.sampled_from([*MEMBERS, "New"]), anything, max_size=6))
def test_whatever_shape_comes_is_read_as_far_as_it_goes(item: dict[str, Any]) -> None:
    found = parse_analysis(item)

    assert all(isinstance(one.text, str) for one in found.explanations)


@pytest.mark.parametrize(
    ("message", "who", "says"),
    [
        ("User is not authorized to perform: tiros:CreateQuery", "administrator", "can grant tiros:CreateQuery"),
        ("Insufficient permissions.", "administrator", "deploy/second-opinion-policy.json"),
        ("Modifications in network resources during the analysis", "again", "was changed while AWS analysed"),
        ("The configuration is not supported: resource group reference", "asker", "does not analyse"),
        ("Missing component eni-0a1", "again", "is gone"),
        ("Inaccessible resource vpc-0a1", "administrator", "cross-account"),
        ("Throttling from Elastic Load Balancing", "again", "throttled"),
        ("Something else", "again", "AWS says: Something else"),
        ("", "again", "failed inside AWS"),
    ],
)
def test_a_failed_analysis_says_who_must_act(message: str, who: str, says: str) -> None:
    found, sentence = why_failed(message)

    assert found == who
    assert says in sentence
    assert message in sentence
