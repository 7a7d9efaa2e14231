"""Faults in what changed: which change is named, what was there before it, what is taken back, and who is told."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_CHANGED = "tests/diagnosis/test_what_changed.py::"
NOBODY = (f"{_CHANGED}test_nobody_is_named_where_no_event_can_have_been_it",)
CULPRITS = (f"{_CHANGED}test_the_culprit_is_named_among_a_thousand_other_events",)
NEARLY = (f"{_CHANGED}test_what_is_nearly_the_reason_is_not_named",)
BEFORE = ("tests/diagnosis/test_what_was_there_before.py",)
LATE = ("tests/bot/runner/test_late_witnesses.py",)

TRAIL = (
    Mutant(
        "what-came-hours-later-stopped-it",
        "explanation/culprit.py",
        "return self.first_reject + self.slack",
        "return self.first_reject + 90_000",
        NOBODY,
    ),
    Mutant(
        "what-came-a-day-before-stopped-it",
        "explanation/culprit.py",
        "return self.last_accept - self.slack",
        "return self.last_accept - 90_000",
        NOBODY,
    ),
    Mutant(
        "a-call-that-aws-refused-changed-something",
        "evidence/trail_effects.py",
        "    if event.failed:",
        "    if not event.name:",
        NOBODY,
    ),
    Mutant(
        "any-rule-of-the-group-that-is-gone-stopped-it",
        "explanation/culprit.py",
        '"certain" if True in met else "possible" if None in met or effect.unread else ""',
        '"certain" if met else ""',
        NOBODY,
    ),
    Mutant(
        "whom-a-rule-is-for-does-not-matter",
        "explanation/meeting.py",
        "if common and meet(side, peers) and",
        "if common and",
        NOBODY,
    ),
    Mutant(
        "an-entry-of-the-other-direction-stopped-it",
        "explanation/culprit.py",
        '    if entry.egress is not (spot.direction == "egress"):',
        "    if spot.direction is None:",
        NEARLY,
    ),
    Mutant(
        "any-deny-of-the-acl-stopped-it",
        "explanation/culprit.py",
        'return "" if spot.blocks and entry.ref != spot.rule else "certain" if still else "possible"',
        'return "certain" if still else "possible"',
        NEARLY,
    ),
    Mutant(
        "any-route-of-the-table-stopped-it",
        "explanation/culprit.py",
        "    if spot.blocks and route.destination != spot.rule:",
        "    if spot.blocks and not route.destination:",
        NEARLY,
    ),
    Mutant(
        "a-route-that-is-there-again-is-missing",
        "explanation/culprit.py",
        'return "certain" if wider and not again else ""',
        'return "certain"',
        NEARLY,
    ),
    Mutant(
        "what-can-have-been-it-certainly-was",
        "explanation/culprit.py",
        'found.append(Finding(event, effect, spot, fit == "certain"))',
        'found.append(Finding(event, effect, spot, fit != ""))',
        CULPRITS,
    ),
    Mutant(
        "groups-of-another-interface-stopped-it",
        "explanation/wiring.py",
        "effect.of not in {spot.component, *spot.related}:",
        "not effect.of:",
        NOBODY,
    ),
    Mutant(
        "another-subnet-s-route-table-stopped-it",
        "explanation/wiring.py",
        "    if known is None or (effect.subnet and effect.subnet not in spot.related):",
        "    if known is None:",
        BEFORE,
    ),
    Mutant(
        "a-table-that-led-nowhere-either-was-better",
        "explanation/wiring.py",
        'return best is not None and best.state == "active" and best.target_kind != "none"',
        "return best is not None",
        BEFORE,
    ),
    Mutant(
        "groups-that-let-nothing-pass-are-missed",
        "explanation/wiring.py",
        '"possible" if judged - {False} else ""',
        '"possible"',
        BEFORE,
    ),
    Mutant(
        "any-entry-that-was-made-is-the-one-that-was-deleted",
        "evidence/trail_before.py",
        "if (same, entry.number, entry.egress) == (acl, number, egress):",
        "if same == acl:",
        BEFORE,
    ),
    Mutant(
        "a-refused-call-made-what-was-deleted",
        "evidence/trail_before.py",
        "    if event.failed:",
        "    if not event.name:",
        BEFORE,
    ),
    Mutant(
        "a-rule-that-was-modified-since-is-as-it-was-made",
        "evidence/trail_before.py",
        "return effect if isinstance(found, RulesModified) and wanted & set(found.ids) else None",
        "return None if isinstance(found, RulesModified) and wanted & set(found.ids) else None",
        BEFORE,
    ),
    Mutant(
        "what-was-deleted-let-everything-pass",
        "explanation/culprit.py",
        "    if not (was.allow and meets(spot, protocols_of(was.protocol), was.addresses, was.ports)):",
        "    if not was.allow:",
        BEFORE,
    ),
    Mutant(
        "taking-it-back-needs-no-proof",
        "fix/reversal.py",
        'if any(one.verdict != "reachable" for one in retrace(changed)):',
        'if any(one.verdict == "" for one in retrace(changed)):',
        (f"{_CHANGED}test_taking_it_back_is_no_fix_where_something_else_drops_it_too",),
    ),
    Mutant(
        "all-that-was-revoked-is-given-back",
        "fix/reversal.py",
        "_rule_again(effect.group, rule) if meets_rule(network, rule, found.spot) else None",
        "_rule_again(effect.group, rule)",
        (f"{_CHANGED}test_of_rules_that_were_revoked_together_only_what_meets_this_traffic_is_given_back",),
    ),
    Mutant(
        "names-in-a-record-read-like-words-of-ours",
        "evidence/trail.py",
        "    return name if _PLAIN_NAME.fullmatch(name) else json.dumps(_shortened(name))",
        "    return name",
        (f"{_CHANGED}test_names_that_read_like_words_of_ours_stand_in_quotes",),
    ),
    Mutant(
        "cloudtrail-is-asked-without-end",
        "aws/trail.py",
        "        if self._calls >= self._budget.calls:",
        "        if self._calls > 10 * self._budget.calls:",
        (f"{_CHANGED}test_a_budget_that_is_used_up_is_said",),
    ),
    Mutant(
        "findings-tell-what-lies-outside-a-channel-s-scope",
        "runner/late_witnesses.py",
        "                if sight.network is not sight.whole:",
        "                if sight.network is None:",
        LATE,
        "bot",
    ),
    Mutant(
        "the-last-witness-makes-the-others-forgotten",
        "runner/late_witnesses.py",
        "lambda kept: _with_changes(kept, told)",
        "lambda _: told",
        LATE,
        "bot",
    ),
    Mutant(
        "cloudtrail-is-asked-where-nothing-turned",
        "runner/late_witnesses.py",
        'if when == "always" and turned:',
        'if when == "always":',
        LATE,
        "bot",
    ),
)
