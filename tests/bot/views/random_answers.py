"""Answers at random, with texts that try to be more than text."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from diagnosis.answer import (
    Answer,
    Cause,
    Exposure,
    Fix,
    GuideStep,
    Hop,
    NewlyReachable,
    Proof,
    SnapshotFacts,
    Step,
    Stranger,
    Unseen,
)
from diagnosis.explanation.decision import DIAGRAM
from diagnosis.question.question import Party, Question
from diagnosis.testimony import (
    AccountChange,
    Compared,
    Evidence,
    FlowLogs,
    Opinion,
    OpinionReason,
    OpinionStop,
    RecordCounts,
    ThreatFinding,
    ThreatIndicator,
    ThreatLink,
    Threats,
    WhatChanged,
    Window,
)
from diagnosis.who_answer import Member, ReachGroup, WhoAnswer

HOSTILE = (
    "<!channel>", "<!here|here>", "<!subteam^S0123456>", "<@U0123456789>", "<#C0123456789|ops>", "&lt;!channel&gt;",
    "<https://evil.example|AWS console>", "<mailto:a@evil.example|mail>", "https://evil.example/x", "@here", "@channel",
    "*bold*", "_slanted_", "~gone~", "`code`", "```\ncode\n```", "> quote", ":rotating_light:", "&amp; & <b>",
    "\u202egnp.exe", "zero\u200bwidth", "\x1b[31mred", "nul\x00byte", "line\nbreak\r\n", "\ud800", "tag\U000e0041",
    "xoxb-123456789012-abcdefghijkl", "AKIAIOSFODNN7EXAMPLE", "日本語のサーバー", "مرحبا", "e\u0301\u0301\u0301\u0301",
    "sg-0123456789abcdef0", "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/x/1", "", " ",
    "word " * 200, "x" * 1_200, "10.0.1.10", "]]></title><script>alert(1)</script>",
)  # fmt: skip

texts: SearchStrategy[str] = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=60),
    st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=3).map(" ".join),
)
maybe = st.none() | texts
times = st.none() | st.sampled_from(["2026-11-22T14:05:10Z", "2026-11-22T09:31:02+00:00", "no time"])
legs = st.sampled_from(["forward", "return"])
ways = st.sampled_from([None, "egress", "ingress"])
verdicts = st.sampled_from(["reachable", "blocked", "partly", "unknown"])
kinds = st.sampled_from(["security-group", "network-acl", "route-table", "network-interface", "nat-gateway"])


def several(of: SearchStrategy[object], most: int = 3, times: int = 1) -> SearchStrategy[tuple[object, ...]]:
    """A few, now and then many."""
    few = st.lists(of, max_size=most)
    return st.one_of(few, few, few.map(lambda found: found * times)).map(tuple)


parties = st.builds(Party, kind=st.sampled_from(["ip", "id", "name", "service"]), value=texts)
questions = st.builds(
    Question,
    intent=st.sampled_from(["why", "who", "unclear"]),
    source=st.none() | parties,
    destination=st.none() | parties,
    protocol=st.sampled_from([None, "tcp", "udp", "icmp", "47"]),
    port=st.none() | st.integers(0, 65535),
    ask_back=maybe,
)
causes = st.builds(
    Cause, code=texts, component=texts, related=several(texts), leg=legs, direction=ways, rule=maybe, text=texts,
    any_of=st.sampled_from([None, 2]),
)  # fmt: skip
steps = st.builds(
    Step, kind=kinds, direction=ways, disposition=st.sampled_from(["passed", "dropped", "partly", "unknown"]),
    rule=maybe, component=maybe, code=maybe, text=texts, name=maybe,
)  # fmt: skip
hops = st.builds(Hop, component=texts, kind=kinds, name=maybe, steps=several(steps, 2))
unseen = st.builds(Unseen, call=texts, account=texts, region=texts, error=texts)
logs = st.builds(
    FlowLogs,
    engine=texts,
    query=texts,
    records=st.builds(RecordCounts, read=st.integers(0, 10**12)),
    accepts=st.integers(0, 10**9),
    rejects=st.integers(0, 10**9),
    first_reject=times,
    last_reject=times,
    last_accept=times,
    lines=several(texts, times=12),
    line_origins=several(texts),
    pattern=texts,
    limits=several(texts),
    sentences=several(texts),
)
opened = st.builds(
    NewlyReachable, source=texts, destination=texts, protocol=texts, ports=texts, count=st.integers(0, 10**9)
)
fixes = st.builds(
    Fix,
    id=texts,
    title=texts,
    risk=st.sampled_from(["safe", "needs judgement"]),
    changes=st.just(()),
    commands=several(texts, times=12),
    undo=several(texts),
    proof=st.builds(Proof, verdict_after=verdicts),
    exposure=st.builds(Exposure, text=texts, newly_reachable=several(opened), at_least=st.booleans()),
)
branches = st.tuples(*(st.sampled_from([branch.answer for branch in node.branches]) for node in DIAGRAM)).map(
    lambda taken: tuple(word for node, said in zip(DIAGRAM, taken, strict=True) for word in (node.question, said))
)
facts = st.builds(SnapshotFacts, taken_at=times, accounts=several(texts), regions=several(texts))
agreed = st.sampled_from([True, False, None])
opinions = st.builds(
    Opinion,
    state=st.sampled_from(["succeeded", "failed", "not asked"]),
    reachable=agreed,
    agrees=agreed,
    text=texts,
    ours=several(texts),
    theirs=several(texts),
    compared=several(
        st.builds(Compared, component=texts, name=maybe, ours=texts, theirs=texts, agrees=agreed), times=12
    ),
    reasons=several(st.builds(OpinionReason, code=texts, standing=st.just("cause"), component=texts, text=texts)),
    path=several(st.builds(OpinionStop, component=texts, name=maybe, leg=legs, rule=texts, codes=several(texts))),
    caveats=several(texts, times=12),
    analysis=maybe,
    region=texts,
    cost_usd=st.sampled_from([0.0, 0.1]),
)
account_changes = st.builds(
    AccountChange,
    event=texts,
    name=texts,
    at=texts,
    who=texts,
    agent=texts,
    region=texts,
    component=texts,
    text=texts,
    certain=st.booleans(),
)
changes = st.builds(
    WhatChanged,
    state=st.sampled_from(["found", "nothing found", "not asked", "failed"]),
    text=texts,
    last_accept=times,
    stopped_at=times,
    change=st.none() | account_changes,
    others=several(account_changes),
    fix=maybe,
    looked_at=several(texts, times=12),
    limits=several(texts, times=12),
)
threats = st.builds(
    Threats,
    text=texts,
    addresses=several(texts, times=12),
    findings=several(
        st.builds(
            ThreatFinding,
            id=texts,
            type=texts,
            title=texts,
            severity=st.floats(1, 10),
            level=st.sampled_from(["low", "high"]),
            addresses=several(texts),
            region=texts,
            last=maybe,
            link=texts,
        )
    ),
    indicators=several(
        st.builds(
            ThreatIndicator,
            kind=texts,
            address=texts,
            told=texts,
            investigation=texts,
            entity=texts,
            region=texts,
            link=texts,
        )
    ),
    profiles=several(st.builds(ThreatLink, address=texts, link=texts)),
    limits=several(texts, times=12),
)
strangers = st.builds(
    Stranger, address=texts, name=texts, known_by=st.just("ip-ranges"), range=texts, as_of=st.none() | times
)
answers: SearchStrategy[Answer] = st.builds(
    Answer,
    question=questions,
    window=st.builds(Window, start=times, end=times),
    verdict=verdicts,
    headline=texts,
    path_forward=several(hops, times=12),
    path_return=several(hops, times=12),
    causes=several(causes, times=12),
    caveats=several(texts, times=12),
    assumed=several(texts),
    unseen=several(unseen, times=12),
    evidence=st.builds(
        Evidence,
        flow_logs=st.none() | logs,
        second_opinion=st.none() | opinions,
        agreement=texts,
        what_changed=st.none() | changes,
        threats=st.none() | threats,
    ),
    fixes=several(fixes, times=12),
    advice=several(texts, times=12),
    snapshot=facts,
    source_name=texts,
    destination_name=texts,
    traffic=texts,
    return_traffic=texts,
    strangers=several(strangers),
    guide=st.lists(st.builds(GuideStep, letter=st.just("A"), title=texts, found=several(texts)), max_size=6).map(tuple),
    branch=st.just(()) | branches,
)
groups = st.builds(
    ReachGroup,
    kind=st.sampled_from(["interfaces", "internet", "on-premises"]),
    name=texts,
    count=st.integers(0, 10**6),
    members=several(st.builds(Member, id=texts, name=maybe, address=maybe), times=12),
    ranges=several(texts),
    verdict=verdicts,
    traffic=texts,
    decided_by=texts,
)
who_answers: SearchStrategy[WhoAnswer] = st.builds(
    WhoAnswer,
    question=questions,
    target=texts,
    direction=st.sampled_from(["to", "from"]),
    headline=texts,
    groups=several(groups, times=12),
    caveats=several(texts, times=12),
    unseen=several(unseen, times=12),
    snapshot=facts,
)
