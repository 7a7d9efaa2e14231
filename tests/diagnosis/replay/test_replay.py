"""What "what would this do" tells: of what was refused, what would pass, the asked conversation and others by name."""

from __future__ import annotations

import pytest

from bot.views.foreseen import sentences
from diagnosis.answer import Answer
from diagnosis.evidence.query import Last
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange
from diagnosis.flowlogs.refused_tuples import RefusedTuples
from diagnosis.investigate import Asked, investigate
from diagnosis.network.build import build
from diagnosis.network.network import Network
from diagnosis.question.parse import parse
from diagnosis.replay import judging
from diagnosis.replay.replay import Replay, foreseen
from diagnosis.snapshots.embedded_account import flow_logs_folder, snapshot_folder
from diagnosis.snapshots.read import read_snapshot
from tests.accounts import two_subnets
from tests.properties.test_replay import recorded

QUESTION = parse("why can't 10.0.1.10 reach RDS on 3306")


@pytest.fixture(scope="module")
def embedded() -> Network:
    return build(read_snapshot(snapshot_folder()))


def replayed(network: Network, number: int) -> Replay:
    answer = investigate(network, Asked(QUESTION), None)
    assert isinstance(answer, Answer)
    changes = tuple(GroupRuleChange.model_validate(change) for change in answer.fixes[number].changes)
    return foreseen(network, QUESTION, changes, RefusedTuples([flow_logs_folder()]).recorded(Last(86_400)))


def test_the_asked_conversation_would_pass_and_so_would_those_of_the_same_group(embedded: Network) -> None:
    found = replayed(embedded, 0)
    assert [(c.source_name, c.destination_name, c.port) for c in found.asked.named] == [("web-1", "orders-db", 3306)]
    assert found.asked.records >= 412
    assert {c.source_name for c in found.others.named} <= {"web-2", "web-3"}
    assert found.unjudged == 0
    assert found.rejects > found.asked.records + found.others.records


def test_a_fix_for_one_address_lets_nothing_else_pass(embedded: Network) -> None:
    found = replayed(embedded, 1)
    assert found.asked.records >= 412
    assert found.others.conversations == 0


def tuples(**more: object) -> dict[str, object]:
    plain = {"source": "10.0.1.10", "destination": "10.0.2.20", "interface": "eni-server", "protocol": 6}
    return {**plain, "source_port": 40000, "port": 443, "reply": False, "both_ways": False, **more}


def entry(direction: str, low: int, high: int) -> Change:
    return AclEntryChange.model_validate(
        {
            "component": "acl-2",
            "direction": direction,
            "number": 50,
            "protocol": "tcp",
            "from_port": low,
            "to_port": high,
            "cidr": "10.0.0.0/16",
        }
    )


def test_a_refused_reply_passes_with_the_connection_that_it_answers() -> None:
    account = two_subnets()
    account.items["ec2.describe_network_acls"][1]["Entries"] = []
    network, way_in, way_out = account.network(), entry("ingress", 443, 443), entry("egress", 1024, 65535)
    open_inbound = way_in.apply(network)
    reply = tuples(source="10.0.2.20", destination="10.0.1.10", source_port=443, port=40000, reply=True)
    question = parse("why can't 10.0.1.10 reach 10.0.2.20 on 443")

    found = foreseen(open_inbound, question, (way_out,), recorded([reply]))

    assert [(c.source, c.destination, c.port) for c in found.asked.named] == [("10.0.1.10", "10.0.2.20", 443)]


def test_what_the_model_cannot_judge_is_counted_and_never_passes() -> None:
    account = two_subnets(server={"groups": ["sg-server", "sg-unseen"]})
    account.group("sg-server", "vpc-a", ingress=[])
    change = GroupRuleChange(
        component="sg-server", direction="ingress", protocol="tcp", from_port=80, to_port=443, cidr="10.0.9.0/24"
    )
    question = parse("why can't 10.0.1.10 reach 10.0.2.20 on 443")

    found = foreseen(account.network(), question, (change,), recorded([tuples()]))

    assert (found.unjudged, found.asked.records, found.others.records) == (1, 0, 0)


def test_what_is_left_when_no_more_is_judged_one_by_one_is_counted_and_never_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A record without the client's port is judged by itself, before the change and after it."""
    account = two_subnets(server={"groups": ["sg-shut"]})
    account.group("sg-shut", "vpc-a", ingress=[])
    change = GroupRuleChange(
        component="sg-shut", direction="ingress", protocol="tcp", from_port=80, to_port=443, cidr="0.0.0.0/0"
    )
    question = parse("why can't 10.0.1.10 reach 10.0.2.20 on 443")
    seen = recorded([tuples(), *(tuples(source_port=-1, port=port) for port in (80, 81, 82))])
    network = account.network()

    whole = foreseen(network, question, (change,), seen)
    monkeypatch.setattr(judging, "SINGLY", 4)
    cut = foreseen(network, question, (change,), seen)

    assert (whole.asked.records, whole.others.records, whole.not_judged) == (1, 3, 0)
    assert (cut.asked.records, cut.others.records, cut.not_judged) == (1, 1, 2)
    assert "Not judged: 2 records, of more conversations than are judged one by one." in list(sentences(cut))
