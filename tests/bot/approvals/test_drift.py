"""What counts as drift between the proof of a fix and the moment in which it is applied."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.approvals.drift import PATH, drifted, fingerprint
from tests.accounts import Account, entry, rule
from tests.bot.approvals.shop import ASKED, in_acl, in_db, shop

CHANGES = (in_db(), in_acl())


def then_and_now(change: Callable[[Account], object]) -> tuple[str, ...]:
    made = shop()
    before = fingerprint(made.network(), ASKED, CHANGES)
    change(made)
    return drifted(before, fingerprint(made.network(), ASKED, CHANGES))


def groups(made: Account, number: int) -> dict[str, object]:
    return made.items["ec2.describe_security_groups"][number]


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda made: None, ()),
        (lambda made: groups(made, 2).update(IpPermissions=[rule("tcp", (1, 1), "10.0.1.10/32")]), ("sg-db", PATH)),
        (lambda made: groups(made, 2).update(IpPermissionsEgress=[]), ("sg-db",)),
        (lambda made: groups(made, 0).update(IpPermissionsEgress=[]), (PATH,)),
        (lambda made: groups(made, 1).update(IpPermissionsEgress=[]), ()),
        (lambda made: made.items["ec2.describe_security_groups"].pop(2), ("sg-db", PATH)),
        (
            lambda made: made.items["ec2.describe_network_acls"][1]["Entries"].append(entry(7, "allow")),
            ("acl-2",),
        ),
        (
            lambda made: made.items["ec2.describe_network_acls"][1]["Entries"].append(
                entry(7, "deny", "10.0.1.10/32", "6", (3306, 3306))
            ),
            ("acl-2", PATH),
        ),
        (
            lambda made: made.items["ec2.describe_network_acls"][0]["Entries"].append(
                entry(7, "deny", "10.0.2.20/32", "6", (3306, 3306), egress=True)
            ),
            (PATH,),
        ),
        (lambda made: made.interface("eni-web-3", "subnet-1", "10.0.1.13", groups=["sg-web"]), ()),
        (lambda made: made.items["ec2.describe_network_interfaces"].pop(0), (PATH,)),
    ],
)
def test_drift_is_in_the_edited_rules_and_in_what_blocks_the_path(
    change: Callable[[Account], object], differs: tuple[str, ...]
) -> None:
    assert then_and_now(change) == tuple(sorted(differs))


def test_a_description_is_no_drift_nor_is_the_order_of_rules() -> None:
    one, other = rule("tcp", (1, 1), "10.0.1.10/32"), rule("tcp", (2, 2), "10.0.1.10/32")
    made = shop()
    groups(made, 2)["IpPermissions"] = [one, other]
    before = fingerprint(made.network(), ASKED, CHANGES)
    one["IpRanges"][0]["Description"] = "for the shop"
    groups(made, 2)["IpPermissions"] = [other, one]

    assert drifted(before, fingerprint(made.network(), ASKED, CHANGES)) == ()
