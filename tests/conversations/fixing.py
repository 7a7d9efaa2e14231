"""A channel in which fixes are proposed, on a copy of the embedded account that the app may write to."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagnosis.snapshots.embedded_account import snapshot_folder
from tests.conversations.conftest import SETTINGS
from tests.conversations.served_app import ServedApp
from tests.slack_double.double import SlackDouble
from tests.slack_double.person import Person
from tests.slack_double.screens import Seen

BLOCKED = "why can't 10.0.1.10 reach RDS on 3306"
CHANNEL, ONCALL = "C0OPS000", "C0OPS001"
GROUP = "sg-0f1e2d3c4b5a690d2"


@dataclass
class Ops:
    """The workspace, the account, and three people: Ann asks, Bob and Cid may approve."""

    slack: SlackDouble
    app: ServedApp
    account: Path
    ann: Person
    bob: Person
    cid: Person
    dan: Person

    def asked(self) -> Seen:
        """Ann's question, answered."""
        return self.ann.mentions(CHANNEL, BLOCKED).reply("Propose fix")

    def proposed(self, number: int = 1) -> Seen:
        """A proposal of one of the answer's fixes."""
        answer = self.asked()
        answer.click(f"Propose fix {number}")
        return self.latest(answer, "Fix proposed")

    def latest(self, answer: Seen, containing: str) -> Seen:
        """The newest message of the thread that says this."""
        return answer.person.waits_for(
            lambda: next((one for one in reversed(answer.replies()) if one.says(containing)), None), containing
        )

    def approves(self, person: Person, proposal: Seen, within: str = "") -> dict[str, Any]:
        """Somebody presses Approve and confirms."""
        as_seen_by(proposal, person).click("Approve…")
        modal = person.modal("Approve this fix?")
        if within:
            modal.fill("For how long?", within)
        return dict(modal.submit())

    def rules(self) -> list[dict[str, Any]]:
        """The inbound permissions of the group of the database, as the account has them."""
        for file in self.account.rglob("*.json"):
            for group in json.loads(file.read_text("utf-8")).get("SecurityGroups", ()):
                if group["GroupId"] == GROUP:
                    return list(group["IpPermissions"])
        raise AssertionError("the group is gone")


def as_seen_by(seen: Seen, person: Person) -> Seen:
    """The same message, as another person sees it."""
    return Seen(person, seen.message)


def copied_account(folder: Path) -> Path:
    """The embedded account where the app may write."""
    shutil.copytree(snapshot_folder(), folder)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def fix_settings(account: Path, **fixes: Any) -> dict[str, dict[str, Any]]:
    """Settings for a copy of the account, where Bob and Cid decide."""
    named = {"approvers": [{"users": ["UBOB", "UCID"]}], **fixes}
    return {
        **SETTINGS,
        "account": {"snapshot": str(account)},
        "people": {"per_minute": 1000},
        "fixes": {name: value if isinstance(value, str) else json.dumps(value) for name, value in named.items()},
    }


def ops(slack: SlackDouble, app: ServedApp, account: Path) -> Ops:
    """People and channels around an app."""
    people = []
    for name in ("ann", "bob", "cid", "dan"):
        known = slack.workspace.users.get(f"U{name.upper()}")
        people.append(slack.person((known or slack.user(name)).id))
    for identity, name in ((CHANNEL, "ops"), (ONCALL, "oncall")):
        if identity not in slack.workspace.channels:
            slack.channel(identity, name)
    for channel in slack.workspace.channels.values():
        channel.members |= {person.id for person in people}  # of those, too, that were there before them
    return Ops(slack, app, account, *people)
