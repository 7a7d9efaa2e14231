"""The faults: what naive tools get wrong, and slips that a change of the engine could bring."""

from __future__ import annotations

from tests.mutants.approval_faults import APPROVALS
from tests.mutants.mutant import Mutant
from tests.mutants.opinion_faults import OPINIONS
from tests.mutants.repair_faults import REPAIR
from tests.mutants.trail_faults import TRAIL

_ASK = "tests/diagnosis/test_cases.py::test_ask_gives_verdict_causes_evidence_and_fix_of_the_case"
FILTERS = ("tests/properties/test_traffic_filters.py",)
INTERVALS = ("tests/properties/test_traffic_intervals.py",)
ALGEBRA = ("tests/properties/test_traffic_algebra.py",)
PACKETS = ("tests/properties/test_trace_against_one_packet.py",)


def _cases(*names: str) -> tuple[str, ...]:
    """The golden cases of these names."""
    return tuple(f"{_ASK}[{name}]" for name in names)


TRAFFIC = (
    Mutant(
        "intervals-that-touch-stay-apart",
        "traffic/intervals.py",
        "        if end < start:",
        "        if end <= start:",
        INTERVALS,
    ),
    Mutant(
        "meet-takes-the-ends",
        "traffic/intervals.py",
        "if s < e for p in (s, e)",
        "if s <= e for p in (s, e)",
        INTERVALS,
    ),
    Mutant(
        "minus-forgets-what-follows",
        "traffic/intervals.py",
        "return (lo, *b[i:j]) if j & 1 else (lo, *b[i:j], hi)",
        "return (lo, *b[i:j])",
        INTERVALS,
    ),
    Mutant(
        "the-last-match-decides",
        "traffic/cells.py",
        "groupby(reversed(rules), key=lambda rule: rule.allow)",
        "groupby(rules, key=lambda rule: rule.allow)",
        FILTERS,
    ),
    Mutant(
        "a-deny-is-passed-over",
        "traffic/cells.py",
        "if allow else minus(allowed, join_all(addresses))",
        "if allow else allowed",
        FILTERS,
    ),
    Mutant(
        "ports-of-every-protocol-are-compared",
        "traffic/filters.py",
        "            elif form is _Form.NEITHER:",
        "            elif form is _Form.NEITHER and not mask:",
        FILTERS,
    ),
    Mutant(
        "a-reply-is-compared-by-the-servers-port",
        "traffic/filters.py",
        "side = _SOURCE_PORT if reply and form is _Form.PORTS else _PORT",
        "side = _PORT",
        FILTERS,
    ),
    Mutant(
        "an-echo-reply-has-the-type-of-its-request",
        "traffic/ports.py",
        "MappingProxyType({8: 0, 13: 14",
        "MappingProxyType({8: 8, 13: 14",
        FILTERS,
    ),
    Mutant(
        "a-box-less-another-loses-a-side",
        "traffic/traffic.py",
        "            sides[i] = both",
        "            sides[i] = b[i]",
        ALGEBRA,
    ),
    Mutant(
        "overlapping-boxes-are-counted-twice",
        "traffic/traffic.py",
        "        return cls(merged(disjoint(boxes)))",
        "        return cls(tuple(box for box in boxes if all(box)))",
        ALGEBRA,
    ),
)

RULES = (
    Mutant(
        "an-acl-inside-one-subnet",
        "trace/forward.py",
        "        and device.subnet == destination.interface.subnet\n        and device.vpc",
        "        and device.subnet != destination.interface.subnet\n        and device.vpc",
        _cases("same-subnet-ignores-the-acl"),
    ),
    Mutant(
        "replies-leave-past-the-acl",
        "trace/reply.py",
        'back.traffic, "egress", REPLY_EGRESS, explain',
        'Traffic.nothing(), "egress", REPLY_EGRESS, explain',
        _cases("acl-lacks-the-ephemeral-ports-outbound"),
    ),
    Mutant(
        "replies-come-home-past-the-acl",
        "trace/reply.py",
        'judged, "ingress", REPLY_INGRESS, explain',
        'Traffic.nothing(), "ingress", REPLY_INGRESS, explain',
        _cases("acl-denies-a-slice-of-the-return-range"),
    ),
    Mutant(
        "one-direction-of-an-acl-for-both",
        "trace/network_acls.py",
        'egress=direction == "egress"',
        "egress=True",
        _cases("acl-deny-on-the-other-leg-is-harmless"),
    ),
    Mutant(
        "every-client-is-a-linux-host",
        "trace/interfaces.py",
        "return WINDOWS if instance is not None and instance.windows else LINUX",
        "return LINUX",
        _cases("acl-slice-below-a-windows-clients-ports"),
    ),
    Mutant(
        "a-lambda-starts-where-linux-does",
        "trace/interfaces.py",
        "        return ANY_CLIENT\n",
        "        return LINUX\n",
        _cases("lambda-client-uses-every-high-port"),
    ),
    Mutant(
        "a-reference-matches-wherever-the-group-is",
        "trace/security_groups.py",
        'found = join_all(i.own_addresses for i in holders if scope is None or (i.vpc or "") in scope)',
        "found = join_all(i.own_addresses for i in holders)",
        _cases("peering-across-regions-carries-no-group-reference"),
    ),
    Mutant(
        "a-glance-misses-the-rules-that-name-lists-and-groups",
        "trace/glances.py",
        "                about = True\n",
        "                about = isinstance(rule.peer, CidrPeer)\n",
        ("tests/properties/test_exposure.py::test_the_exposure_over_a_transit_gateway_is_that_difference_too",),
    ),
    Mutant(
        "any-open-range-opens-a-group-to-everybody",
        "trace/glances.py",
        "        if covers(open_to(self.network, group, egress=self.egress), self.far):",
        "        if open_to(self.network, group, egress=self.egress):",
        ("tests/properties/test_reach.py::test_who_agrees_with_one_trace_for_each_interface",),
    ),
    Mutant(
        "a-way-of-one-family-is-taken-in-the-other",
        "trace/cohort_ways.py",
        "own.narrow, number, sending, own.six)",
        "own.narrow, number, sending)",
        (
            "tests/properties/test_reach.py::test_an_answer_is_the_same_where_ways_of_cohorts_are_known_from_other_questions",
        ),
    ),
    Mutant(
        "a-rule-that-names-a-group-is-about-nobody",
        "trace/subjects.py",
        "                for name, groups in subject.by_group.items():",
        "                for name, groups in ():",
        ("tests/properties/test_reach.py::test_who_agrees_with_one_trace_for_each_interface",),
    ),
    Mutant(
        "groups-with-any-open-range-let-everything-pass",
        "trace/lots.py",
        "            if covers(ranges, glance.far):",
        "            if ranges:",
        ("tests/properties/test_reach.py::test_who_agrees_with_one_trace_for_each_interface",),
    ),
    Mutant(
        "a-kept-way-takes-replies-for-requests",
        "fix/ways.py",
        "VIEWS[reply, step.direction]",
        "VIEWS[False, step.direction]",
        ("tests/properties/test_kept_ways.py",),
    ),
    Mutant(
        "groups-that-let-a-part-pass-let-nothing-pass",
        "trace/lots.py",
        "                elif not (one.passed.empty and one.unknown.empty):",
        "                elif one.passed.empty:",
        ("tests/properties/test_reach.py::test_who_agrees_with_one_trace_for_each_interface",),
    ),
    Mutant(
        "ways-are-joined-whatever-their-routes",
        "trace/cohorts.py",
        "        routes.append((place.but_table, tuple((way.route, way.doubt, way.addresses) for way in ways)))",
        "        routes.append((place.but_table, len(ways)))",
        ("tests/properties/test_exposure.py::test_the_exposure_is_the_difference_of_one_trace_for_each_two_addresses",),
    ),
    Mutant(
        "a-number-is-one-too-high-inside-a-range",
        "traffic/ranks.py",
        "number = before[at >> 1] if not at & 1 else before[at >> 1] + point - members[at - 1]",
        "number = before[at >> 1] + (at & 1)",
        ("tests/properties/test_ranks.py",),
    ),
    Mutant(
        "a-replay-looks-replies-up-by-the-server's-port",
        "replay/lists.py",
        "ports = headers.source_port if by_source_port else headers.port",
        "ports = headers.port",
        ("tests/properties/test_replay_verdicts.py",),
    ),
    Mutant(
        "a-replay-leaves-headers-rewritten-on-the-way-home",
        "replay/ways.py",
        "sides = stretches[nth]",
        "pass",
        ("tests/properties/test_replay_verdicts.py",),
    ),
    Mutant(
        "a-reference-matches-everybody",
        "trace/security_groups.py",
        "            return member_addresses(network, group, scope)",
        "            return ALL_ADDRESSES",
        _cases("group-reference-does-not-match-a-public-address", "rds-inbound-for-another-group"),
    ),
    Mutant(
        "outbound-references-over-a-transit-gateway",
        "trace/group_references.py",
        "    return _not_carried(without, carried, Referencing(on=False, component=gateway))",
        "    return carried",
        _cases("group-reference-outbound-over-a-transit-gateway"),
    ),
    Mutant(
        "references-whatever-the-attachment-says",
        "trace/group_references.py",
        "if attachment is not None and attachment.references is False:",
        "if attachment is None:",
        _cases("group-reference-switched-off-at-the-attachment"),
    ),
)

ROUTES = (
    Mutant(
        "a-blackhole-gives-way",
        "trace/route_tables.py",
        '        if route.state == "filtered":',
        '        if route.state in ("filtered", "blackhole"):',
        _cases("blackhole-beats-the-default-route"),
    ),
    Mutant(
        "the-shortest-prefix-wins",
        "trace/route_tables.py",
        "entries.sort(key=lambda e: (e.width,",
        "entries.sort(key=lambda e: (-e.width,",
        _cases("blackhole-beats-the-default-route", "default-route-swallows-a-private-destination"),
    ),
    Mutant(
        "the-local-route-always-wins",
        "trace/route_tables.py",
        'barred = EMPTY if target_kind(network, route) in (*DIVERTING, "local")',
        'barred = EMPTY if target_kind(network, route) in ("local",)',
        _cases("middlebox-route-beats-local"),
    ),
    Mutant(
        "overlapping-prefix-lists-are-certain",
        "trace/route_tables.py",
        "        if rivals:",
        "        if not entries:",
        _cases("overlapping-prefix-list-routes"),
    ),
    Mutant(
        "the-peering-carries-what-is-beyond",
        "trace/peerings.py",
        "        inside = inside.only(destination=theirs)",
        "        inside = inside.only()",
        ("tests/diagnosis/trace/test_peerings.py",),
    ),
    Mutant(
        "a-pending-peering-carries",
        "trace/peerings.py",
        '    if peering.state != "active":',
        '    if peering.state == "deleted":',
        _cases("peering-pending-with-active-routes"),
    ),
    Mutant(
        "propagated-beats-static-at-a-transit-gateway",
        "trace/transit_routes.py",
        "    return 2 + (PROPAGATED.index(kind) if kind in PROPAGATED else len(PROPAGATED))",
        "    return -1",
        _cases("transit-gateway-static-blackhole-beats-a-propagated-route"),
    ),
    Mutant(
        "an-attachment-serves-every-zone",
        "trace/transit_attachments.py",
        "    elif near is None:",
        "    elif near == '':",
        _cases("transit-gateway-attachment-misses-the-zone"),
    ),
    Mutant(
        "appliance-mode-is-always-on",
        "trace/transit_attachments.py",
        "    if attachment.appliance_mode is False and zone is not None:",
        "    if attachment.appliance_mode is None and zone is not None:",
        ("tests/diagnosis/trace/test_transit_gateways.py",),
    ),
    Mutant(
        "replies-out-of-a-transit-gateway-meet-no-acl",
        "trace/transit_replies.py",
        'judge(network, here, sender.subnet, part, "ingress", RETURN.ingress',
        'judge(network, here, sender.subnet, NOTHING, "ingress", RETURN.ingress',
        ("tests/diagnosis/trace/test_transit_gateways.py", "tests/diagnosis/trace/test_transit_packets.py"),
    ),
)

GATEWAYS = (
    Mutant(
        "a-private-address-goes-out",
        "trace/internet_gateways.py",
        "    if not (device.public is not None and attached) and not device.public_unseen:",
        "    if device.public is not None and not device.public_unseen:",
        _cases("no-public-address-behind-an-internet-gateway"),
    ),
    Mutant(
        "a-private-destination-goes-out",
        "trace/internet_gateways.py",
        "    wrong = traffic.only(destination=NOT_PUBLIC)",
        "    wrong = NOTHING",
        _cases("default-route-swallows-a-private-destination"),
    ),
    Mutant(
        "an-interface-that-denies-gateways-is-reached",
        "trace/internet_gateways.py",
        "    if interface.denies_internet_gateway:",
        "    if not interface.id:",
        _cases("interface-that-denies-internet-gateways"),
    ),
    Mutant(
        "block-ingress-blocks-nothing",
        "trace/internet_gateways.py",
        'state.mode == "block-ingress" and started_inside',
        'state.mode == "block-ingress"',
        ("tests/diagnosis/trace/test_internet_gateways.py",),
    ),
    Mutant(
        "nat-carries-every-protocol",
        "trace/nat_gateways.py",
        "    passed = four.only(protocol=known)",
        "    passed = four.only(protocol=known).union(four)",
        _cases("nat-gateway-drops-esp"),
    ),
    Mutant(
        "a-failed-nat-gateway-carries",
        "trace/nat_gateways.py",
        '    if nat.state != "available":',
        '    if nat.state == "deleted":',
        _cases("nat-gateway-failed"),
    ),
    Mutant(
        "a-gateway-endpoint-serves-strangers",
        "trace/vpc_endpoints.py",
        "    if device.arrived is not None and not device.through_nat:",
        "    if device.arrived is not None and device.through_nat:",
        ("tests/diagnosis/trace/test_transit_gateways.py",),
    ),
    Mutant(
        "an-endpoint-policy-goes-unsaid",
        "trace/vpc_endpoints.py",
        "    if not endpoint.restricted:\n        return ()",
        "    if endpoint.restricted:\n        return ()",
        ("tests/diagnosis/trace/test_vpc_endpoints.py",),
    ),
    Mutant(
        "a-host-forwards-with-its-check-on",
        "trace/appliances.py",
        "    if not interface.source_dest_check:",
        "    if interface.source_dest_check:",
        _cases("middlebox-with-its-check-on"),
    ),
    Mutant(
        "a-stopped-instance-answers",
        "trace/interfaces.py",
        "        if instance.state in DEAD:",
        "        if instance.state in ():",
        ("tests/diagnosis/trace/test_interfaces.py",),
    ),
)

BALANCERS = (
    Mutant(
        "a-listener-and-its-target-share-a-port",
        "trace/targets.py",
        "            box.port if ports is None else ports,",
        "            box.port,",
        _cases("alb-target-port-is-closed"),
    ),
    Mutant(
        "the-balancer-always-hides-its-client",
        "trace/targets.py",
        '    if relay.balancer.kind != "network" or relay.private_link:',
        "    if relay.balancer.id:",
        _cases("nlb-keeps-the-clients-address"),
    ),
    Mutant(
        "the-balancer-never-hides-its-client",
        "trace/target_zones.py",
        '        return Switch(found == "true")',
        "        return Switch(True)",
        _cases("nlb-hides-the-clients-address"),
    ),
    Mutant(
        "every-zone-has-targets",
        "trace/target_zones.py",
        "    if not near and not doubtful:",
        "    if not near and doubtful:",
        _cases("nlb-zone-without-targets"),
    ),
)

FAULTS = (*TRAFFIC, *RULES, *ROUTES, *GATEWAYS, *BALANCERS, *APPROVALS, *OPINIONS, *REPAIR, *TRAIL)
