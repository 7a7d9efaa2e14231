"""Faults in second opinions: what is asked, what agrees with what, and what is deleted."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

OPINION = ("tests/diagnosis/explanation/test_opinion.py",)
REQUEST = ("tests/diagnosis/explanation/test_path_request.py",)
_ANALYZER = "tests/diagnosis/aws/test_reachability_analyzer.py::"
ANALYZER = (
    f"{_ANALYZER}test_a_path_of_ours_that_asks_the_same_is_used_again_and_one_that_only_says_so_is_not",
    f"{_ANALYZER}test_what_a_crash_left_is_deleted_before_the_next_question_and_nothing_else",
    f"{_ANALYZER}test_whoever_stops_waiting_leaves_nothing_either",
)
OPINIONS = (
    Mutant(
        "what-aws-does-not-see-counts-as-a-reason",
        "explanation/opinion_agreement.py",
        'SETTLED = frozenset({"cause", "unlisted"})',
        'SETTLED = frozenset({"cause", "unlisted", "unseen", "filter"})',
        OPINION,
    ),
    Mutant(
        "the-other-direction-is-the-same-reason",
        "explanation/opinion_agreement.py",
        "blocker.direction is not None and cause.direction != blocker.direction:",
        "blocker.direction is None and cause.direction != blocker.direction:",
        OPINION,
    ),
    Mutant(
        "the-way-there-stands-for-both",
        "explanation/opinion_agreement.py",
        "else path.forward if one_way else path.verdict",
        "else path.forward",
        OPINION,
    ),
    Mutant(
        "a-blocker-that-aws-leads-through-is-agreed-on",
        "explanation/opinion_agreement.py",
        "        elif analysis.reachable or _stops_there(analysis, leg, blocker):",
        "        elif analysis.reachable:",
        OPINION,
    ),
    Mutant(
        "aws-is-asked-across-regions",
        "explanation/path_request.py",
        "    if len(regions) > 1:",
        "    if len(regions) > 2:",
        REQUEST,
    ),
    Mutant(
        "aws-is-asked-about-the-way-back-over-a-transit-gateway",
        "explanation/path_request.py",
        'path.returning != "reachable" and _by_transit(path)',
        'path.returning != "reachable" and not path.forward_hops',
        REQUEST,
    ),
    Mutant(
        "a-path-is-ours-by-its-tag-alone",
        "aws/reachability_analyzer.py",
        "for path in found if _asks(path, wanted)), None)",
        "for path in found if path), None)",
        ANALYZER,
    ),
    Mutant(
        "what-others-made-is-deleted-too",
        "aws/reachability_analyzer.py",
        "            if not self._is_over(one):",
        "            if self._is_over(one):",
        ANALYZER,
    ),
    Mutant(
        "an-analysis-is-deleted-only-when-it-ends-well",
        "aws/reachability_analyzer.py",
        "            left = self._cleaned(client, run)",
        "            left = self._cleaned(client, run) if run.analysis and not run.started else ()",
        ANALYZER,
    ),
)
