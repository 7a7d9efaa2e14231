"""Faults in the hands: whose a rule is, what is done after a lost answer, when nothing may be done."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

APPLYING = ("tests/bot/repair/test_applying.py",)
UNDOING = ("tests/bot/repair/test_undoing.py",)
WRITERS = ("tests/bot/repair/test_writers.py",)
SESSION = ("tests/bot/repair/test_aws_session.py",)
FOLDER = ("tests/bot/repair/test_folder_story.py",)


def _fault(name: str, module: str, old: str, new: str, tests: tuple[str, ...]) -> Mutant:
    return Mutant(name, f"repair/{module}", old, new, tests, package="bot")


REPAIR = (
    _fault(
        "a-duplicate-is-ours",
        "deeds.py",
        "return doubt if isinstance(change, AclEntryChange) else found.stamp == self.stamp",
        "return True",
        APPLYING,
    ),
    _fault(
        "a-lost-answer-was-a-failure",
        "aws_errors.py",
        'return NoAnswer(f"AWS\'s answer to {action} was lost")',
        'return Refused(f"AWS\'s answer to {action} was lost")',
        APPLYING,
    ),
    _fault(
        "the-account-is-not-held-against-what-was-proven",
        "applying.py",
        "components = [part for part in differs if part != PATH]",
        "components: list[str] = []",
        APPLYING,
    ),
    _fault(
        "an-expired-application-goes-on",
        "applying.py",
        "if resumed and deeds.patience.now() > proposal.expires_at:",
        "if resumed and deeds.patience.now() < 0:",
        APPLYING,
    ),
    _fault(
        "nothing-is-rehearsed",
        "applying.py",
        "            deeds.rehearse(changes[number])\n",
        "            pass\n",
        APPLYING,
    ),
    _fault(
        "the-call-comes-before-the-intention",
        "deeds.py",
        "        doubt |= self._intend(entry)\n        if not",
        "        if not",
        APPLYING,
    ),
    _fault(
        "an-undo-takes-what-looks-like-ours",
        "deeds.py",
        "return found.exact and (known or found.stamp == self.stamp)",
        "return True",
        UNDOING,
    ),
    _fault(
        "an-undo-is-by-content",
        "aws_writer.py",
        "if one.rule_id == rule if rule is not None else one.identity == wanted:",
        "if one.identity == wanted:",
        UNDOING,
    ),
    _fault(
        "an-interrupted-undo-says-that-somebody-else-did-it",
        "deeds.py",
        'return self._settle(entry, "taken back" if done else "absent", Done(entry.rule))',
        'return self._settle(entry, "absent", Done(entry.rule))',
        UNDOING,
    ),
    _fault(
        "a-session-may-do-all-that-the-role-may",
        "aws_session.py",
        '                Policy=session_policy(proposal, named["partition"]),\n',
        "",
        SESSION,
    ),
    _fault(
        "the-own-credentials-are-good-enough",
        "aws_session.py",
        "            if not self._credentials.own:\n",
        "            if self._credentials.own is None:\n",
        SESSION,
    ),
    _fault(
        "an-icmp-type-is-a-port",
        "shapes.py",
        'whole["IcmpTypeCode"] = {"Type": wild(change.from_port), "Code": wild(change.to_port)}',
        'whole["PortRange"] = {"From": wild(change.from_port), "To": wild(change.to_port)}',
        WRITERS,
    ),
    _fault(
        "a-killed-undo-leaves-its-id-in-the-folder",
        "folder_writer.py",
        "        if rule is not None and listed:\n",
        "        if rule is not None and listed and there:\n",
        FOLDER,
    ),
)
