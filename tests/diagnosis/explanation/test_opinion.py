"""AWS's analysis beside our trace: agreement, difference with both reasonings, and what settles nothing."""

from __future__ import annotations

from typing import Any

import pytest

from diagnosis.answer import Answer
from diagnosis.evidence.analysis_codes import DETAILS
from diagnosis.explanation.opinion import with_opinion
from diagnosis.investigate import investigate
from diagnosis.second_opinion import second_opinion, to_be_asked, witnesses_differ
from diagnosis.sources import NotPermitted
from diagnosis.testimony import Evidence, Opinion
from tests.diagnosis.explanation.opinions import Aws, asked, network_of

WEB, API = "eni-0279c59a66d9fc655", "eni-0ece9c996bef27ec5"
WEB_GROUP, API_GROUP = "sg-0706d0729e0f6bbd4", "sg-0178bae6eb172fb87"
ONE_ACL, ACL, API_ACL = "acl-0ff93b24fb6bb48c6", "acl-04d14def55e137d9a", "acl-0de645e1b73dc4e5d"
OPEN, GROUP, RETURN, BOTH = (
    "group-is-stateful",
    "group-without-rules",
    "acl-lacks-the-ephemeral-ports-outbound",
    "group-and-acl-both",
)


def stop(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"SequenceNumber": number, "Component": {"Id": name}, **more}


def acl(number: int, name: str, *, egress: bool) -> dict[str, Any]:
    return stop(number, name, AclRule={"Egress": egress, "RuleAction": "allow", "RuleNumber": 100})


WAY_BACK = [stop(1, API), stop(2, WEB)]
FOUND = {
    "NetworkPathFound": True,
    "ForwardPathComponents": [
        stop(1, WEB),
        acl(2, ONE_ACL, egress=True),
        stop(3, "rtb-0c20be4cc61420866"),
        acl(4, ONE_ACL, egress=False),
        stop(5, API_GROUP, SecurityGroupRule={"Direction": "ingress", "Protocol": "tcp"}),
        stop(6, API),
    ],
    "ReturnPathComponents": WAY_BACK,
}


def not_found(*explanations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"NetworkPathFound": False, "Explanations": list(explanations), **more}


def group_stops(name: str = API_GROUP, code: str = "SG_HAS_NO_RULES") -> dict[str, Any]:
    return {
        "ExplanationCode": code,
        "Direction": "ingress",
        "SecurityGroup": {"Id": name},
        "NetworkInterface": {"Id": API},
    }


def acl_stops(name: str, direction: str) -> dict[str, Any]:
    return {"ExplanationCode": "SUBNET_ACL_RESTRICTION", "Direction": direction, "Acl": {"Id": name}}


def opinion_of(case: str, members: dict[str, Any] | Exception, question: str | None = None) -> Opinion:
    return second_opinion(network_of(case), asked(case, question), Aws(members), lambda _: None)


def judged(opinion: Opinion, component: str) -> list[tuple[str, str, bool | None]]:
    return [(one.ours, one.theirs, one.agrees) for one in opinion.compared if one.component == component]


def test_both_find_a_path_and_each_component_that_both_show_is_compared() -> None:
    found = opinion_of(OPEN, FOUND)

    assert (found.state, found.reachable, found.agrees) == ("succeeded", True, True)
    assert found.text == "AWS agrees: Reachability Analyzer finds a path too."
    assert judged(found, ONE_ACL) == [("lets it pass", "lets it pass", True)] * 2
    assert judged(found, API_GROUP) == [("lets it pass", "lets it pass", True)]
    assert [one.component for one in found.path[:2]] == [WEB, ONE_ACL]
    assert found.cost_usd == 0.1


def test_both_say_that_the_same_component_drops_it() -> None:
    found = opinion_of(GROUP, not_found(group_stops()))

    assert found.agrees is True
    assert found.text.startswith("AWS agrees: Reachability Analyzer says that it is blocked too. sg-0178bae6eb172fb87")
    assert judged(found, API_GROUP) == [("drops it (SG_HAS_NO_RULES)", "drops it (SG_HAS_NO_RULES)", True)]
    assert (found.ours, found.theirs) == ((), ())


def test_the_same_component_under_another_code_is_agreement_and_under_another_direction_is_none() -> None:
    assert opinion_of(GROUP, not_found(group_stops(code="ENI_SG_RULES_MISMATCH"))).agrees is True
    other_way = group_stops() | {"Direction": "egress"}

    assert judged(opinion_of(GROUP, not_found(other_way)), API_GROUP) == [
        ("drops it (SG_HAS_NO_RULES)", "not mentioned", None),
        ("lets it pass", "drops it (SG_HAS_NO_RULES)", False),
    ]


def test_aws_finds_a_path_where_we_find_none_and_both_reasonings_are_shown() -> None:
    found = opinion_of(GROUP, FOUND)

    assert found.agrees is False
    assert found.text == "AWS disagrees: Reachability Analyzer finds a path, and by the trace it is blocked."
    assert found.ours
    assert API_GROUP in found.ours[0]
    assert found.theirs == ("It finds a path.",)
    assert judged(found, API_GROUP) == [("drops it (SG_HAS_NO_RULES)", "lets it pass", False)]


def test_aws_finds_none_where_we_find_one() -> None:
    found = opinion_of(OPEN, not_found(acl_stops(ONE_ACL, "ingress")))

    assert found.agrees is False
    assert "AWS disagrees: by the trace it is reachable, and Reachability Analyzer finds no path." in found.text
    assert judged(found, ONE_ACL) == [("lets it pass", "drops it (SUBNET_ACL_RESTRICTION)", False)]
    assert found.theirs == ("SUBNET_ACL_RESTRICTION: acl-0ff93b24fb6bb48c6 does not admit the traffic inbound.",)


def test_both_say_blocked_and_one_lets_pass_what_the_other_says_drops_it() -> None:
    found = opinion_of(BOTH, not_found(group_stops(code="ENI_SG_RULES_MISMATCH"), acl_stops(ACL, "egress")))

    assert found.agrees is False
    assert found.text.startswith("AWS disagrees on the reason")
    assert judged(found, ACL) == [("lets it pass", "drops it (SUBNET_ACL_RESTRICTION)", False)]
    assert judged(found, API_GROUP)[0][2] is True


def test_both_say_blocked_and_name_nothing_in_common() -> None:
    found = opinion_of(GROUP, not_found(acl_stops("acl-0elsewhere", "ingress")))

    assert found.agrees is True
    assert "blocked too, and names another reason. acl-0elsewhere" in found.text
    assert judged(found, "acl-0elsewhere") == [("not on our path", "drops it (SUBNET_ACL_RESTRICTION)", None)]


def test_a_blocker_that_aws_does_not_mention_is_no_disagreement() -> None:
    """AWS says itself that there may be more components that block."""
    found = opinion_of(BOTH, not_found(group_stops(code="ENI_SG_RULES_MISMATCH")))

    assert found.agrees is True
    assert judged(found, API_ACL) == [("drops it (SUBNET_ACL_RESTRICTION)", "not mentioned", None)]


def test_a_blocked_path_that_leads_through_our_blocker_without_a_word_is_a_disagreement() -> None:
    path = [stop(1, WEB), stop(2, API_GROUP, SecurityGroupRule={"Direction": "ingress"}), acl(3, ACL, egress=True)]
    found = opinion_of(BOTH, not_found(acl_stops(API_ACL, "egress"), ForwardPathComponents=path))

    assert judged(found, API_GROUP) == [("drops it (ENI_SG_RULES_MISMATCH)", "lets it pass", False)]
    assert found.agrees is False


def test_the_way_back_counts_where_aws_judged_it_and_not_where_it_judged_the_way_there_alone() -> None:
    both_ways = opinion_of(RETURN, not_found(acl_stops(API_ACL, "egress")))
    contradicted = opinion_of(RETURN, FOUND)
    one_way = opinion_of(RETURN, FOUND | {"ReturnPathComponents": []})

    assert both_ways.agrees is True
    assert contradicted.agrees is False
    assert one_way.agrees is True
    assert one_way.text == (
        "AWS agrees: Reachability Analyzer finds a path too on the way there, which is all that it judged."
    )


@pytest.mark.parametrize("code", ["NO_PATH", "FILTER_AT_SOURCE_PROTOCOL", "UNKNOWN_RESOURCE", "CANNOT_ROUTE"])
def test_reasons_that_are_none_of_the_network_settle_nothing(code: str) -> None:
    for case in (OPEN, GROUP):
        found = opinion_of(case, not_found({"ExplanationCode": code}))

        assert found.agrees is None
        assert found.text.startswith("Reachability Analyzer could not settle it")
        assert [one.code for one in found.reasons] == [code]


def test_where_our_verdict_is_unknown_aws_says_what_we_could_not_see() -> None:
    found = opinion_of("acls-not-seen", not_found(acl_stops("acl-0new", "ingress")))

    assert found.agrees is None
    assert found.text.startswith("The trace could not tell; Reachability Analyzer finds no path. acl-0new")
    assert opinion_of("acls-not-seen", FOUND).text == "The trace could not tell; Reachability Analyzer finds a path."


def test_partly_is_not_contradicted_by_a_path_and_is_by_none() -> None:
    case = "acl-denies-a-slice-of-the-return-range"

    assert opinion_of(case, FOUND).agrees is True
    assert opinion_of(case, not_found(acl_stops(ACL, "egress"))).agrees is False


@pytest.mark.parametrize("detail", [*DETAILS, "NEW_DETAIL"])
def test_details_of_a_path_that_was_found_are_caveats(detail: str) -> None:
    hop = stop(1, WEB, AdditionalDetails=[{"AdditionalDetailType": detail, "Component": {"Id": "tgw-attach-0a1"}}])

    found = opinion_of(
        OPEN, {"NetworkPathFound": True, "ForwardPathComponents": [hop], "ReturnPathComponents": WAY_BACK}
    )

    told = DETAILS.get(detail, "AWS adds NEW_DETAIL").rstrip(".")
    assert f"{told} (tgw-attach-0a1)." in found.caveats


def test_hints_suggested_accounts_warnings_and_new_members_are_caveats_too() -> None:
    more = {
        "WarningMessage": "look out",
        "SuggestedAccounts": ["210987654321"],
        "AlternatePathHints": [{"ComponentId": "eni-0c3"}],
        "Novelty": {"A": 1},
    }

    told = " ".join(opinion_of(OPEN, FOUND | more).caveats)

    for text in ("look out", "210987654321", "another path through eni-0c3", "AWS adds Novelty: A 1"):
        assert text in told


def test_a_failed_analysis_says_why_and_what_it_cost() -> None:
    found = opinion_of(OPEN, {"Status": "failed", "StatusMessage": "Throttling from EC2"})

    assert (found.state, found.reachable, found.agrees, found.cost_usd) == ("failed", None, None, 0.1)
    assert "AWS throttled its own analysis: ask again in a minute. AWS says: Throttling from EC2" in found.text


def test_a_refusal_costs_nothing_and_the_answer_stands() -> None:
    found = opinion_of(OPEN, NotPermitted("not permitted; an account administrator can grant it.", action="x"))

    assert (found.state, found.cost_usd) == ("failed", 0.0)
    assert "an account administrator can grant it" in found.text


def test_where_aws_cannot_judge_it_is_not_asked() -> None:
    aws = Aws(FOUND)

    found = second_opinion(network_of(OPEN), asked(OPEN, "can 10.0.1.10 ping 10.0.2.30"), aws, lambda _: None)

    assert found.state == "not asked"
    assert "tcp and udp only" in found.text
    assert aws.asked == []


def test_a_party_that_is_not_clear_any_more_is_not_asked_about() -> None:
    found = opinion_of(OPEN, FOUND, "can 10.0.1.10 reach no-such-machine on 443")

    assert found.state == "not asked"


def test_the_opinion_becomes_evidence_and_a_newer_one_takes_its_place() -> None:
    answer = investigate(network_of(OPEN), asked(OPEN), None)
    assert isinstance(answer, Answer)
    agreed, differed = opinion_of(OPEN, FOUND), opinion_of(OPEN, not_found(acl_stops(ONE_ACL, "ingress")))

    first = with_opinion(answer, differed)
    second = with_opinion(first, agreed)

    assert first.evidence.agreement.endswith(differed.text)
    assert second.evidence == Evidence(second_opinion=agreed, agreement=f"{answer.evidence.agreement} {agreed.text}")
    assert second.verdict == answer.verdict


def test_witnesses_differ_where_configuration_and_logs_contradict_each_other() -> None:
    answer = investigate(network_of(OPEN), asked(OPEN), None)
    assert isinstance(answer, Answer)
    apart = answer.model_copy(update={"evidence": Evidence(agreement="They differ: the logs say REJECT.")})

    assert not witnesses_differ(answer)
    assert witnesses_differ(apart)


def test_what_would_be_asked_is_known_before_anything_is_spent() -> None:
    request = to_be_asked(network_of(OPEN), asked(OPEN))

    assert getattr(request, "words", "") == f"{WEB} → {API} tcp 443"
