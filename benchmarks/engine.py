"""The engine on a large account: loading, one question, an answer, many flows, who, exposure, a change, the worst case.

Run: python -m benchmarks engine. Times are processor seconds of one core; the account is made with a seed. Parts can be
run alone: python -m benchmarks.engine batch change.
"""

from __future__ import annotations

import gc
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from benchmarks import large_account
from benchmarks.figures import Figures, best, percentile, seconds, settled_memory
from benchmarks.half_passing import half_passing
from benchmarks.worst_path import worst_account
from diagnosis.batch import flow_of, judge_lines, judged, verdict_of
from diagnosis.explanation.causes import causes
from diagnosis.fix.change import Change, GroupRuleChange
from diagnosis.fix.exposure import exposure
from diagnosis.investigate import Asked, investigate
from diagnosis.network.build import build
from diagnosis.network.network import Network
from diagnosis.question.parse import parse
from diagnosis.question.parties import Parties, find_parties
from diagnosis.snapshots.read import read_snapshot
from diagnosis.terminal.documents import line
from diagnosis.trace.places import Held
from diagnosis.trace.stencils import traced as quickly
from diagnosis.trace.trace import Flow, trace
from diagnosis.traffic.addresses import format_address, parse_cidr
from diagnosis.who import who

QUESTIONS = 1000
SELDOM = (100_000, 50, 50)
"""How seldom garbage is looked for: as in the command line (`diagnosis.cli.program`)."""
LOAD = """
import gc, sys, time
from pathlib import Path
from diagnosis.network.build import build
from diagnosis.snapshots.read import read_snapshot
started = time.process_time()
gc.disable()
network = build(read_snapshot(Path(sys.argv[1])))
network.by_private_address, network.members
took = time.process_time() - started
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(took, int(peak.split()[1]) / 1024)
"""
"""Seconds and megabytes. `getrusage` would tell the peak of the process that started this one, where that was more."""
Parts = dict[str, Callable[[Figures, Path], None]]


def main(names: list[str] | None = None) -> int:
    """Print every figure; 1 when a goal is missed."""
    gc.set_threshold(*SELDOM)
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="whynot-bench-") as folder:
        large_account.write(Path(folder))
        for name in names or list(PARTS):
            print(f" {name}", flush=True)
            PARTS[name](figures, Path(folder))
    for miss in figures.misses:
        print(f"goal missed: {miss}", file=sys.stderr)
    return 1 if figures.misses else 0


def network_of(folder: Path) -> Network:
    """The account as a network that has answered nothing yet."""
    network = build(read_snapshot(folder))
    settled_memory()
    return network


def load(figures: Figures, folder: Path) -> None:
    """From the folder to a network that can be asked, in a process of its own, collecting no garbage meanwhile.

    The command line loads it in the same way.
    """
    runs = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", LOAD, str(folder)], check=True, capture_output=True, text=True, timeout=120
        )
        runs.append(tuple(map(float, done.stdout.split())))
    figures.at_most("snapshot folder to ready network", min(r[0] for r in runs), "s", 1)
    figures.at_most("its peak memory, Python and all", min(r[1] for r in runs), "MB", 150)


def question(figures: Figures, folder: Path) -> None:
    """One flow placed, traced there and back, every cause named; then the same flows again."""
    network = network_of(folder)
    flows = some_flows(network, QUESTIONS, seed=1)
    cold = [seconds(caused, network, flow) * 1000 for flow in flows]
    for _ in range(2):
        warm = [seconds(caused, network, flow) * 1000 for flow in flows]
    figures.at_most("one question with every cause, warm, p50", percentile(warm, 0.5), "ms", 0.3)
    figures.at_most("one question with every cause, warm, p99", percentile(warm, 0.99), "ms", 2)
    figures.at_most("one question with every cause, cold, p99", percentile(cold, 0.99), "ms", 10)
    figures.plain("one question with every cause, cold, p50", percentile(cold, 0.5), "ms")
    stepped = [min(seconds(steps, network, flow) for _ in range(2)) * 1000 for flow in flows]
    figures.plain("the same with every step that lets it pass, warm, p50", percentile(stepped, 0.5), "ms")


def answer(figures: Figures, folder: Path) -> None:
    """From a question in words to the answer with proven fixes and what they expose."""
    network = network_of(folder)
    times = []
    for text in blocked_questions(network, 15):
        asked = Asked(parse(text))
        assert isinstance(find_parties(network, asked.question), Parties)
        times.append(seconds(investigate, network, asked, None) * 1000)
    figures.at_most("a blocked question to its answer with fixes, p50", percentile(times, 0.5), "ms", 150)
    figures.plain("a blocked question to its answer with fixes, slowest", max(times), "ms")


def batch(figures: Figures, folder: Path) -> None:
    """JSON lines in, JSON lines out."""
    network = network_of(folder)
    distinct = [json.dumps(flow) for flow in some_flows(network, 4_000, seed=2)]
    few = some_flows(network, 1_000, seed=3)
    chance = random.Random(4)
    again = [
        json.dumps({**chance.choice(few), "id": f"again-{n}", "source_port": chance.randrange(32768, 61000)})
        for n in range(10_000)
    ]

    for fields in some_flows(network, 200, seed=8) * 2:
        assert judged(network, fields) == {"id": fields["id"], **traced(network, fields)}, fields

    def judge(lines: list[str]) -> None:
        for result, _ in judge_lines(network, lines):
            line(result)

    def anew(lines: list[str]) -> None:
        network.memo.pop("verdicts", None)
        judge(lines)

    cold = len(distinct) / seconds(judge, distinct)
    figures.plain("flows a second, no two alike, nothing compiled before", cold, "/s")
    fresh = [json.dumps(flow) for flow in some_flows(network, 4_000, seed=9)]
    figures.plain("flows a second, no two alike, 4,000 others before", len(fresh) / seconds(judge, fresh), "/s")
    anew(distinct)
    rate = len(distinct) / best(anew, distinct)
    figures.plain("flows a second, no two alike, 5 in 100 pass, their ways compiled before", rate, "/s")
    mixed = [json.dumps(flow) for flow in half_passing(network, 3_000, seed=10)]
    anew(mixed)
    rate = len(mixed) / best(anew, mixed)
    figures.at_least("flows a second, no two alike, half of them pass, their ways compiled before", rate, "/s", 20_000)
    judge(again)
    rate = len(again) / best(judge, again)
    figures.at_least("flows a second, 1,000 conversations over and over", rate, "/s", 20_000)


def who_can(figures: Figures, folder: Path) -> None:
    """Everything that can reach one host, warm."""
    network = network_of(folder)
    for text, goal in (("what can reach {} on 3306", 100), ("what can reach {}", 500)):
        asked = parse(text.format(address_of(network, 40)))
        who(network, asked)
        figures.at_most(text.format("a host"), best(who, network, asked, times=2) * 1000, "ms", goal)


def opened(figures: Figures, folder: Path) -> None:
    """What a rule on a group that 200 interfaces hold would open: first with nothing compiled, then after other fixes.

    Warm are the ways to the group's VPC and compiled rules, from a fix of the same group for another port; what the
    fix that is measured opens was not asked before.
    """
    network = network_of(folder)
    assert len(network.members[large_account.FLEET]) == large_account.FLEET_SIZE
    took, _ = exposed(network, allow("10.0.0.0/8", 3308))
    figures.plain("exposure, 200 interfaces, one port, nothing compiled before", took, "s")
    for what, change, goal in (
        ("exposure, 200 interfaces, tcp 3307 from 10.0.0.0/8", allow("10.0.0.0/8", 3307), 0.3),
        ("exposure, 200 interfaces, all traffic from 10.0.0.0/8", allow("10.0.0.0/8", None), 1.5),
    ):
        took, at_least = exposed(network, change)
        figures.at_most(what + (", a part" if at_least else ""), took, "s", goal)
    network = network_of(folder)
    took, _ = exposed(network, allow("10.0.0.0/8", None))
    figures.plain("exposure, 200 interfaces, all traffic, nothing compiled before", took, "s")


def exposed(network: Network, change: Change) -> tuple[float, bool]:
    """How long the exposure of a change takes, and whether it is a part only."""
    after = change.apply(network)
    started = time.process_time()
    found = exposure(network, after, (change,), ())
    return time.process_time() - started, found.at_least


def changed(figures: Figures, folder: Path) -> None:
    """One rule changed, and the next answer; every other question has been asked before."""
    network = network_of(folder)
    flows = some_flows(network, QUESTIONS, seed=5)
    for flow in flows:
        caused(network, flow)
    times = []
    for number, flow in enumerate(flows[:100]):
        change = allow(f"10.{number % 20}.0.0/16", 6000 + number)
        times.append(seconds(caused_after, network, change, flow) * 1000)
    figures.at_most("one rule changed, next answer, p50", percentile(times, 0.5), "ms", 10)
    figures.at_most("one rule changed, next answer, slowest", max(times), "ms", 10)
    after = allow("10.0.0.0/8", 6000).apply(network)
    every = sum(seconds(caused, after, flow) for flow in flows)
    figures.plain("1,000 answers after one change", every * 1000, "ms")


def worst(figures: Figures, _: Path) -> None:
    """200 outbound rules, 40 alternating ACL entries, 200 inbound rules; all ports, protocols and ranges are open."""
    network, source, destination = worst_account()
    ours, theirs = network.interfaces[source], network.interfaces[destination]
    flow = Flow(
        Held(ours, ours.ipv4[0].private, ours.ipv4[0].private, alike=parse_cidr("10.0.0.0/17")),
        Held(theirs, theirs.ipv4[0].private, theirs.ipv4[0].private, alike=parse_cidr("10.0.128.0/17")),
        None,
        None,
    )
    took = seconds(trace, network, flow)
    result = trace(network, flow)
    steps = [s for p in result.paths for hop in (*p.forward_hops, *p.return_hops) for s in hop.steps]
    figures.at_most("the worst path that quotas allow, cold, with blame", took * 1000, "ms", 100)
    made = [t for s in steps for t in (s.passed, s.dropped, s.unknown)]
    made += [c.traffic for p in result.paths for c in (*p.there, *(p.back or ()), *p.total)]
    figures.at_most("boxes in any traffic on the way", max(len(t.boxes) for t in made), "", 1000)


def scale(figures: Figures, _: Path) -> None:
    """The time of a question does not grow with the account."""
    medians = []
    for size in (1_000, 50_000):
        with tempfile.TemporaryDirectory(prefix="whynot-bench-") as folder:
            large_account.write(Path(folder), interfaces=size)
            network = network_of(Path(folder))
        flows = some_flows(network, QUESTIONS, seed=6)
        for flow in flows:
            caused(network, flow)
        medians.append(min(percentile([seconds(caused, network, f) for f in flows], 0.5) for _ in range(3)))
        figures.plain(f"one question at {size:,} interfaces, p50", medians[-1] * 1000, "ms")
    figures.at_most("50,000 interfaces to 1,000", medians[1] / medians[0], "times", 1.5)


def some_flows(network: Network, count: int, seed: int) -> list[dict[str, object]]:
    """Flows between interfaces, a few with the internet and with addresses of nobody, most without a source port."""
    chance = random.Random(seed)
    held = [i for i in network.interfaces.values() if i.kind == "interface"]
    found: list[dict[str, object]] = []
    for number in range(count):
        source = format_address(chance.choice(held).ipv4[0].private)
        destination = format_address(chance.choice(held).ipv4[0].private)
        odd = chance.random()
        if odd < 0.05:
            destination = f"93.184.{chance.randrange(256)}.{chance.randrange(256)}"
        elif odd < 0.08:
            source = f"93.184.{chance.randrange(256)}.{chance.randrange(256)}"
        elif odd < 0.1:
            destination = f"10.{chance.randrange(20)}.250.{chance.randrange(256)}"
        port = chance.choice(large_account.PORTS) if chance.random() < 0.9 else chance.randrange(1, 65536)
        source_port = chance.randrange(32768, 61000) if chance.random() < 0.5 else None
        protocol = "tcp" if chance.random() < 0.9 else chance.choice(("udp", "icmp"))
        found.append(
            {
                "id": str(number),
                "source": source,
                "destination": destination,
                "protocol": protocol,
                "port": port,
                "source_port": source_port,
            }
        )
    return found


def caused(network: Network, fields: dict[str, object]) -> object:
    """The question's trace and the causes that it finds."""
    return causes(network, quickly(network, flow_of(network, fields), explain=False))


def steps(network: Network, fields: dict[str, object]) -> object:
    """The question's trace with every step of it told, and the causes that it finds."""
    return causes(network, quickly(network, flow_of(network, fields)))


def caused_after(network: Network, change: Change, fields: dict[str, object]) -> object:
    """The same once a change was made."""
    return caused(change.apply(network), fields)


def traced(network: Network, fields: dict[str, object]) -> dict[str, object]:
    """The verdict by the trace itself, which shares nothing between flows but compiled rules."""
    return verdict_of(network, trace(network, flow_of(network, fields), explain=False))


def address_of(network: Network, number: int) -> str:
    return format_address(list(network.interfaces.values())[number].ipv4[0].private)


def blocked_questions(network: Network, count: int) -> list[str]:
    """Questions in words about flows that something blocks."""
    blocked = (
        f"why can't {flow['source']} reach {flow['destination']} on {flow['port']}"
        for flow in some_flows(network, 1000, seed=7)
        if flow["protocol"] == "tcp" and trace(network, flow_of(network, flow)).verdict == "blocked"
    )
    return list(islice(blocked, count))


def allow(cidr: str, port: int | None) -> Change:
    """A new inbound rule of the fleet's group."""
    return GroupRuleChange(
        component=large_account.FLEET,
        direction="ingress",
        protocol="-1" if port is None else "tcp",
        from_port=port,
        to_port=port,
        cidr=cidr,
    )


PARTS: Parts = {
    "load": load,
    "question": question,
    "answer": answer,
    "batch": batch,
    "who": who_can,
    "exposure": opened,
    "change": changed,
    "worst": worst,
    "scale": scale,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
