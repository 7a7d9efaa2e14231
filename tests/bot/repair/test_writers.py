"""Every writer does the same: the account through EC2, a snapshot folder in the collected and in the loose form."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.repair.aws_writer import AwsWriter
from bot.repair.folder_writer import FolderWriter
from bot.repair.writing import Absent, Clash, Gone, NotThere, Present, Refused, Writable, Writer
from diagnosis.fix.change import AclEntryChange, GroupRuleChange
from diagnosis.network.build import build
from diagnosis.network.described import Described
from diagnosis.network.network import Network
from diagnosis.snapshots.read import read_snapshot
from diagnosis.snapshots.write import write_snapshot
from tests.bot.repair.accounts import SmallAccount, small_account

STAMP = "whynot:fx0123456789abcdef"


@dataclass(frozen=True)
class Place:
    """A writer, and how the account looks that it writes to."""

    writer: Writer
    account: SmallAccount
    network: Callable[[], Network]


@pytest.fixture(scope="module")
def account(emulator_url: str) -> SmallAccount:
    """One for all tests: each leaves it as it was."""
    return small_account(emulator_url)


@pytest.fixture(scope="module")
def described(account: SmallAccount) -> Described:
    return account.described()


@pytest.fixture(params=["account", "collected", "loose"])
def place(request: pytest.FixtureRequest, account: SmallAccount, described: Described, tmp_path: Path) -> Place:
    if request.param == "account":
        return Place(AwsWriter(account.ec2), account, account.network)
    folder = tmp_path / "snapshot"
    if request.param == "collected":
        write_snapshot(described, folder, "whynot test")
    else:
        folder.mkdir()
        for number, answer in enumerate(described.answers.values()):
            (folder / f"file-{number}").write_text(json.dumps({**answer, "Note": "kept"}, indent=number % 3 or None))
    return Place(FolderWriter(folder), account, lambda: build(read_snapshot(folder)))


def rule(place: Place, **more: Any) -> GroupRuleChange:
    whole = {"component": place.account.db, "direction": "ingress", "protocol": "tcp", "from_port": 3306}
    return GroupRuleChange.model_validate({**whole, "to_port": 3306, **more})


def entry(place: Place, **more: Any) -> AclEntryChange:
    whole = {"component": place.account.acl, "direction": "ingress", "number": 80, "protocol": "tcp"}
    return AclEntryChange.model_validate({**whole, "from_port": 3306, "to_port": 3306, "cidr": "10.0.1.10/32", **more})


CHANGES: dict[str, Callable[[Place], Writable]] = {
    "a range": lambda p: rule(p, cidr="10.0.1.10/32"),
    "another group": lambda p: rule(p, group=p.account.web),
    "IPv6, outbound": lambda p: rule(p, cidr="2001:db8::/64", direction="egress"),
    "all ports": lambda p: rule(p, cidr="10.0.1.0/24", from_port=None, to_port=None, protocol="udp"),
    "every protocol": lambda p: rule(p, cidr="10.0.1.0/24", from_port=None, to_port=None, protocol="-1"),
    "ping": lambda p: rule(p, cidr="10.0.1.10/32", from_port=8, to_port=-1, protocol="icmp"),
    "another protocol": lambda p: rule(p, cidr="10.0.1.10/32", from_port=None, to_port=None, protocol="47"),
    "an entry": entry,
    "a denying entry, outbound": lambda p: entry(p, direction="egress", rule_action="deny"),
    "an entry for IPv6": lambda p: entry(p, cidr="2001:db8::/64"),
    "an entry for every protocol": lambda p: entry(p, protocol="-1", from_port=None, to_port=None),
    "an entry for all ports": lambda p: entry(p, protocol="udp", from_port=None, to_port=None),
    "an entry for ping": lambda p: entry(p, protocol="icmp", from_port=8, to_port=-1),
    "an entry for another protocol": lambda p: entry(p, protocol="47", from_port=None, to_port=None),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_put_there_is_what_the_model_said_and_taken_away_leaves_what_was(place: Place, name: str) -> None:
    change = CHANGES[name](place)
    before = place.network()
    assert place.writer.look(change) == Absent()

    done = place.writer.put(change, STAMP)

    after = place.network()
    assert same(after, change.apply(before))
    found = place.writer.look(change)
    assert isinstance(found, Present)
    assert found.exact
    if isinstance(change, GroupRuleChange):
        assert (found.rule, found.stamp) == (done.rule, STAMP)
        assert done.rule is not None
        assert done.rule.startswith("sgr-")
        assert place.writer.look(change, done.rule) == found
    place.writer.take(change, done.rule)
    assert place.writer.look(change, done.rule) == Absent()
    assert same(place.network(), before)


def same(one: Network, other: Network) -> bool:
    """Whether two accounts are the same in what makes a rule itself."""
    rules = [{g.id: {r.identity for r in g.rules} for g in n.groups.values()} for n in (one, other)]
    return rules[0] == rules[1] and one.acls == other.acls and one.interfaces == other.interfaces


@pytest.mark.parametrize("name", ["a range", "another group", "an entry"])
def test_what_is_there_is_not_put_there_again_and_what_is_gone_not_taken_away_again(place: Place, name: str) -> None:
    change = CHANGES[name](place)
    done = place.writer.put(change, STAMP)

    with pytest.raises(Clash):
        place.writer.put(change, "whynot:fx00000000000000ff")
    place.writer.take(change, done.rule)
    with pytest.raises(NotThere):
        place.writer.take(change, done.rule)


def test_an_entry_of_another_content_is_seen_as_such(place: Place) -> None:
    place.writer.put(entry(place, cidr="10.0.9.0/24"), STAMP)

    assert place.writer.look(entry(place)) == Present(None, None, exact=False)
    with pytest.raises(Clash):
        place.writer.put(entry(place), STAMP)
    place.writer.take(entry(place), None)


@pytest.mark.parametrize("made", [rule, entry])
def test_a_group_or_acl_that_does_not_exist_is_gone(place: Place, made: Callable[..., Writable]) -> None:
    identity = "sg-0123456789abcdef0" if made is rule else "acl-0123456789abcdef0"
    change = made(place, component=identity, **({"cidr": "10.0.1.10/32"} if made is rule else {}))

    assert place.writer.look(change) == Gone()
    with pytest.raises(Refused):
        place.writer.put(change, STAMP)


def test_a_rehearsal_changes_nothing(place: Place) -> None:
    before = place.network()

    for change in (rule(place, cidr="10.0.1.10/32"), entry(place), rule(place, cidr="::/0", direction="egress")):
        place.writer.rehearse(change, STAMP, take=False)
        place.writer.rehearse(change, STAMP, take=True)

    assert same(place.network(), before)
