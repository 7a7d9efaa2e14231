"""Answers as a diagnosis gives them, one for each shape that the terminal must set well."""

from __future__ import annotations

from typing import Final

from diagnosis.answer import (
    Answer,
    Cause,
    Disposition,
    Exposure,
    Fix,
    Hop,
    NewlyReachable,
    Proof,
    SnapshotFacts,
    Step,
    Unseen,
)
from diagnosis.question.question import Party, Question
from diagnosis.testimony import Evidence, FlowLogs, Opinion, RecordCounts, Window

WEB_TIER: Final = "sg-03aa5566778897c1e"
ORDERS_GROUP: Final = "sg-0f1e2d3c4b5a690d2"
APP_ACL: Final = "acl-09a1b2c3d4e5f0aaa"
DATA_ACL: Final = "acl-01a1b2c3d4e5f0bbb"
APP_ROUTES: Final = "rtb-0c1d2e3f4a5b651d0"
DATA_ROUTES: Final = "rtb-0d1d2e3f4a5b6c0de"
WEB_INTERFACE: Final = "eni-0a1b2c3d4e5f60001"
ORDERS_INTERFACE: Final = "eni-0d1b2c3d4e5f60002"

WINDOW: Final = Window(start="2026-11-22T13:05:10Z", end="2026-11-22T14:05:10Z")
SNAPSHOT: Final = SnapshotFacts(taken_at="2026-11-22T14:05:10Z", accounts=("123456789012",), regions=("us-east-1",))
QUESTION: Final = Question(
    intent="why",
    source=Party(kind="ip", value="10.0.1.10"),
    destination=Party(kind="service", value="rds"),
    protocol="tcp",
    port=3306,
)
RAW: Final = (
    "2 123456789012 eni-0d1b2c3d4e5f60002 10.0.1.10 10.0.2.20 52000 3306 6 3 180 1795356180 1795356195 REJECT OK"
)
FILE: Final = (
    "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/11/22/"
    "123456789012_vpcflowlogs_us-east-1_fl-0c1d2e3f4a5b6c7d8_20261122T1400Z_5f3a.log.gz:1021"
)


def group(
    component: str, name: str, way: str, text: str, *, disposition: Disposition = "passed", code: str | None = None
) -> Step:
    return Step(
        kind="security-group",
        direction="egress" if way == "out" else "ingress",
        disposition=disposition,
        component=component,
        name=name,
        code=code,
        text=text,
    )


def acl(component: str, name: str, way: str, rule: str, text: str, *, disposition: Disposition = "passed") -> Step:
    return Step(
        kind="network-acl",
        direction="egress" if way == "out" else "ingress",
        disposition=disposition,
        rule=rule,
        component=component,
        name=name,
        text=text,
    )


def table(component: str, name: str, route: str, *, disposition: Disposition = "passed") -> Step:
    return Step(kind="route-table", disposition=disposition, component=component, name=name, text=route)


def interface(component: str, name: str, *steps: Step) -> Hop:
    seen = Step(kind="network-interface", disposition="passed", component=component)
    return Hop(component=component, kind="network-interface", name=name, steps=(seen, *steps))


def subnet(component: str, *steps: Step) -> Hop:
    return Hop(component=component, kind="subnet", steps=steps)


def way_there(last: Step, *, data_acl: Step | None = None) -> tuple[Hop, ...]:
    return (
        interface(WEB_INTERFACE, "web-1", group(WEB_TIER, "web-tier", "out", "all ports")),
        subnet(
            "subnet-0a1a1a1a1a1a1a1a1",
            acl(APP_ACL, "app-acl", "out", "100", "rule 100 allows"),
            table(APP_ROUTES, "app-routes", "10.0.0.0/16 → local"),
        ),
        subnet("subnet-0b2b2b2b2b2b2b2b2", data_acl or acl(DATA_ACL, "data-acl", "in", "100", "rule 100 allows")),
        interface(ORDERS_INTERFACE, "orders-db", last),
    )


def way_back(*, app_acl: Step | None = None, data_acl: Step | None = None) -> tuple[Hop, ...]:
    return (
        interface(ORDERS_INTERFACE, "orders-db", group(ORDERS_GROUP, "orders-db", "out", "tracked connection")),
        subnet(
            "subnet-0b2b2b2b2b2b2b2b2",
            data_acl or acl(DATA_ACL, "data-acl", "out", "100", "rule 100 allows"),
            table(DATA_ROUTES, "data-routes", "10.0.0.0/16 → local"),
        ),
        subnet("subnet-0a1a1a1a1a1a1a1a1", app_acl or acl(APP_ACL, "app-acl", "in", "100", "rule 100 allows")),
        interface(WEB_INTERFACE, "web-1", group(WEB_TIER, "web-tier", "in", "tracked connection")),
    )


NO_RULE: Final = group(ORDERS_GROUP, "orders-db", "in", "no rule", disposition="dropped", code="ENI_SG_RULES_MISMATCH")
ALLOWED: Final = group(ORDERS_GROUP, "orders-db", "in", f"tcp 3306 from {WEB_TIER}")
GROUP_CAUSE: Final = Cause(
    code="ENI_SG_RULES_MISMATCH",
    component=ORDERS_GROUP,
    related=(ORDERS_INTERFACE,),
    leg="forward",
    direction="ingress",
    text=f"orders-db's security group {ORDERS_GROUP} has no inbound rule for tcp 3306 from 10.0.1.10.",
    any_of=1,
)
REJECTED: Final = FlowLogs(
    engine="duckdb",
    query="SELECT …",
    records=RecordCounts(read=318_204),
    accepts=0,
    rejects=412,
    first_reject="2026-11-22T09:31:02Z",
    last_reject="2026-11-22T14:03:15Z",
    last_accept="2026-11-22T09:29:58Z",
    lines=(RAW,),
    line_origins=(FILE,),
    pattern="reject",
    sentences=("412 REJECT at orders-db's interface in the last hour, 0 ACCEPT",),
)
BY_REFERENCE: Final = Fix(
    id="fix-1",
    title="allow tcp 3306 from web-tier",
    risk="safe",
    changes=({"kind": "authorize-ingress", "component": ORDERS_GROUP},),
    commands=(
        (
            f"aws ec2 authorize-security-group-ingress --group-id {ORDERS_GROUP} --protocol tcp --port 3306 "
            f"--source-group {WEB_TIER}"
        ),
    ),
    undo=(
        (
            f"aws ec2 revoke-security-group-ingress --group-id {ORDERS_GROUP} --protocol tcp --port 3306 "
            f"--source-group {WEB_TIER}"
        ),
    ),
    proof=Proof(verdict_after="reachable"),
    exposure=Exposure(
        text="also opens it for web-2 and web-3, the other members of web-tier",
        newly_reachable=(
            NewlyReachable(source=WEB_TIER, destination=ORDERS_INTERFACE, protocol="tcp", ports="3306", count=3),
        ),
    ),
)
BY_ADDRESS: Final = Fix(
    id="fix-2",
    title="allow tcp 3306 from 10.0.1.10/32",
    risk="safe",
    changes=({"kind": "authorize-ingress", "component": ORDERS_GROUP},),
    commands=(
        (
            f"aws ec2 authorize-security-group-ingress --group-id {ORDERS_GROUP} --protocol tcp --port 3306 "
            "--cidr 10.0.1.10/32"
        ),
    ),
    undo=(
        (
            f"aws ec2 revoke-security-group-ingress --group-id {ORDERS_GROUP} --protocol tcp --port 3306 "
            "--cidr 10.0.1.10/32"
        ),
    ),
    proof=Proof(verdict_after="reachable"),
    exposure=Exposure(text="opens nothing else"),
)

BLOCKED_BY_GROUP: Final = Answer(
    question=QUESTION,
    window=WINDOW,
    verdict="blocked",
    headline=f"orders-db's security group {ORDERS_GROUP} has no inbound rule for tcp 3306 from 10.0.1.10.",
    path_forward=way_there(NO_RULE),
    path_return=way_back(),
    causes=(GROUP_CAUSE,),
    evidence=Evidence(flow_logs=REJECTED, agreement="configuration and flow logs agree"),
    fixes=(BY_REFERENCE, BY_ADDRESS),
    snapshot=SNAPSHOT,
    source_name="web-1 10.0.1.10",
    destination_name="orders-db 10.0.2.20",
    traffic="tcp 3306",
    return_traffic="ports 32768–60999",
)

ACL_CAUSE: Final = Cause(
    code="SUBNET_ACL_RESTRICTION",
    component=APP_ACL,
    related=("subnet-0a1a1a1a1a1a1a1a1",),
    leg="return",
    direction="ingress",
    rule="32767",
    text=f"The network ACL app-acl {APP_ACL} has no inbound entry for the reply to tcp ports 32768–60999.",
)
TWO_CAUSES: Final = BLOCKED_BY_GROUP.model_copy(
    update={
        "path_return": way_back(
            app_acl=acl(APP_ACL, "app-acl", "in", "32767", "no entry allows", disposition="dropped")
        ),
        "causes": (GROUP_CAUSE, ACL_CAUSE),
        "fixes": (
            Fix(
                id="fix-1",
                title="allow tcp 3306 from web-tier, and the reply's ports in app-acl",
                risk="needs judgement",
                changes=({"kind": "authorize-ingress", "component": ORDERS_GROUP},),
                commands=(
                    *BY_REFERENCE.commands,
                    (
                        f"aws ec2 create-network-acl-entry --network-acl-id {APP_ACL} --ingress --rule-number 110 "
                        "--protocol tcp --port-range From=32768,To=60999 --cidr-block 10.0.2.0/24 --rule-action allow"
                    ),
                ),
                undo=(
                    f"aws ec2 delete-network-acl-entry --network-acl-id {APP_ACL} --ingress --rule-number 110",
                    *BY_REFERENCE.undo,
                ),
                proof=Proof(verdict_after="reachable"),
                exposure=Exposure(
                    text="also opens it for web-2 and web-3, the other members of web-tier, and lets data-subnet reach "
                    "the ports 32768–60999 of app-subnet as far as groups allow that",
                    at_least=True,
                ),
            ),
        ),
        "caveats": ("The ACL cannot be seen in the flow logs yet: nothing has got far enough to be answered.",),
    }
)

PARTLY: Final = BLOCKED_BY_GROUP.model_copy(
    update={
        "verdict": "partly",
        "headline": "Partly: about one connection in four fails, the ones whose reply goes to a port above 53999.",
        "path_forward": way_there(ALLOWED),
        "path_return": way_back(
            app_acl=acl(APP_ACL, "app-acl", "in", "90", "rule 90 denies 54000–60999", disposition="partly")
        ),
        "causes": (
            ACL_CAUSE.model_copy(
                update={
                    "rule": "90",
                    "text": f"Rule 90 of the network ACL app-acl {APP_ACL} denies the reply to ports 54000–60999.",
                }
            ),
        ),
        "evidence": Evidence(
            flow_logs=REJECTED.model_copy(
                update={
                    "accepts": 1_204,
                    "rejects": 388,
                    "last_accept": "2026-11-22T14:04:51Z",
                    "records": RecordCounts(read=318_204, malformed=3, nodata=18, skipdata=2, unreadable_files=1),
                    "sentences": ("ACCEPT on the way there, REJECT on the way back at web-1's interface",),
                    "limits": ("2 SKIPDATA records: absence proves nothing for their intervals",),
                }
            ),
            agreement="configuration and flow logs agree",
        ),
        "fixes": (),
        "advice": ("Narrow rule 90 so that it spares the reply's ports, or delete it if nobody needs it.",),
    }
)

UNKNOWN: Final = BLOCKED_BY_GROUP.model_copy(
    update={
        "verdict": "unknown",
        "headline": "The route back from orders-db was not seen, so nobody can say whether the reply gets home.",
        "path_forward": way_there(ALLOWED),
        "path_return": (
            interface(ORDERS_INTERFACE, "orders-db"),
            subnet(
                "subnet-0b2b2b2b2b2b2b2b2",
                acl(DATA_ACL, "data-acl", "out", "100", "rule 100 allows"),
                Step(kind="route-table", disposition="unknown", text="ec2.describe_route_tables was refused"),
            ),
            subnet("subnet-0a1a1a1a1a1a1a1a1", acl(APP_ACL, "app-acl", "in", "100", "rule 100 allows")),
        ),
        "causes": (),
        "fixes": (),
        "unseen": (
            Unseen(
                call="ec2.describe_route_tables",
                account="210987654321",
                region="us-east-1",
                error="UnauthorizedOperation: You are not authorized to perform this operation.",
            ),
            Unseen(call="rds.describe_db_instances", account="210987654321", region="us-east-1", error="AccessDenied"),
        ),
        "evidence": Evidence(
            flow_logs=None,
            second_opinion=Opinion(
                state="succeeded",
                reachable=True,
                text="The trace could not tell; Reachability Analyzer finds a path.",
                caveats=("The path crosses Availability Zones (vpce-0f9e8d7c6b5a49382).",),
                analysis="nia-0a1b2c3d4e5f60718",
                region="us-east-1",
                cost_usd=0.1,
            ),
        ),
        "assumed": (
            "Block Public Access is off",
            "every instance is running",
            "VPC encryption controls are off",
            "no group is associated with another VPC",
        ),
        "advice": ("Grant ec2:DescribeRouteTables in account 210987654321 to the role that asks, then ask again.",),
    }
)

REACHABLE: Final = BLOCKED_BY_GROUP.model_copy(
    update={
        "verdict": "reachable",
        "headline": "Reachable: nothing in the network drops it, and both ends logged ACCEPT.",
        "path_forward": way_there(ALLOWED),
        "causes": (),
        "fixes": (),
        "evidence": Evidence(
            flow_logs=REJECTED.model_copy(
                update={
                    "accepts": 96,
                    "rejects": 0,
                    "first_reject": None,
                    "last_reject": None,
                    "last_accept": "2026-11-22T14:04:51Z",
                    "lines": (RAW.replace("REJECT", "ACCEPT"),),
                    "sentences": (),
                }
            ),
            agreement="configuration and flow logs agree",
        ),
        "advice": ("Look at the host: whether mysqld listens on 10.0.2.20:3306, and its own firewall.",),
    }
)

NAT_ACL: Final = "acl-0c7c7c7c7c7c70ccc"
INTERNET_EGRESS: Final = Answer(
    question=Question(
        intent="why",
        source=Party(kind="name", value="batch-3"),
        destination=Party(kind="internet", value="internet"),
        protocol="tcp",
        port=443,
    ),
    window=WINDOW,
    verdict="blocked",
    headline="The NAT gateway's subnet has no route to an internet gateway.",
    path_forward=(
        interface("eni-0e1b2c3d4e5f60003", "batch-3", group(WEB_TIER, "batch", "out", "tcp 443 to 0.0.0.0/0")),
        subnet(
            "subnet-0c3c3c3c3c3c3c3c3",
            acl(APP_ACL, "private-acl", "out", "100", "rule 100 allows"),
            table(APP_ROUTES, "private-routes", "0.0.0.0/0 → nat-0a9b8c7d6e5f40312"),
        ),
        subnet("subnet-0d4d4d4d4d4d4d4d4", acl(NAT_ACL, "public-acl", "in", "100", "rule 100 allows")),
        Hop(
            component="nat-0a9b8c7d6e5f40312",
            kind="nat-gateway",
            name="egress-a",
            steps=(Step(kind="nat-gateway", disposition="passed", text="source becomes 10.0.9.7, ports 1024–65535"),),
        ),
        subnet(
            "subnet-0d4d4d4d4d4d4d4d4",
            acl(NAT_ACL, "public-acl", "out", "100", "rule 100 allows"),
            table(DATA_ROUTES, "public-routes", "no route to 0.0.0.0/0", disposition="dropped"),
        ),
        Hop(component="igw-0a9b8c7d6e5f40aaa", kind="internet-gateway", name="edge"),
    ),
    path_return=(
        Hop(component="igw-0a9b8c7d6e5f40aaa", kind="internet-gateway", name="edge"),
        subnet("subnet-0d4d4d4d4d4d4d4d4", acl(NAT_ACL, "public-acl", "in", "100", "rule 100 allows")),
        Hop(component="nat-0a9b8c7d6e5f40312", kind="nat-gateway", name="egress-a"),
        subnet(
            "subnet-0d4d4d4d4d4d4d4d4",
            acl(NAT_ACL, "public-acl", "out", "100", "rule 100 allows"),
            table(DATA_ROUTES, "public-routes", "10.0.0.0/16 → local"),
        ),
        subnet("subnet-0c3c3c3c3c3c3c3c3", acl(APP_ACL, "private-acl", "in", "100", "rule 100 allows")),
    ),
    causes=(
        Cause(
            code="NO_ROUTE_TO_DESTINATION",
            component=DATA_ROUTES,
            related=("nat-0a9b8c7d6e5f40312", "subnet-0d4d4d4d4d4d4d4d4"),
            leg="forward",
            direction=None,
            text=f"public-routes {DATA_ROUTES}, the route table of NAT gateway egress-a, has no route for 0.0.0.0/0.",
        ),
    ),
    evidence=Evidence(
        flow_logs=FlowLogs(
            engine="duckdb",
            query="SELECT …",
            records=RecordCounts(read=12_400, nodata=60),
            accepts=0,
            rejects=0,
            pattern="none",
            sentences=("no record of batch-3 with tcp 443 to a public address",),
            limits=("the NAT gateway's interface eni-0f1b2c3d4e5f60009 has no flow log",),
        ),
        agreement="the flow logs neither support nor contradict the configuration",
    ),
    advice=(
        (
            "Give the NAT gateway's subnet a way out, after a look at who else uses public-routes: "
            f"aws ec2 create-route --route-table-id {DATA_ROUTES} --destination-cidr-block 0.0.0.0/0 "
            "--gateway-id igw-0a9b8c7d6e5f40aaa"
        ),
    ),
    assumed=("Block Public Access is off",),
    snapshot=SNAPSHOT,
    source_name="batch-3 10.0.7.31",
    destination_name="the internet",
    traffic="tcp 443",
    return_traffic="ports 32768–60999",
)

LONG_WAY: Final = INTERNET_EGRESS.model_copy(
    update={
        "verdict": "reachable",
        "headline": "Nothing in the network drops it.",
        "path_forward": tuple(
            hop for number in range(1, 8) for hop in (
                subnet(f"subnet-0{number}", acl(f"acl-0{number}", f"acl-{number}", "out", "100", "rule 100 allows"),
                       table(f"rtb-0{number}", f"routes-{number}", "10.0.0.0/8 → tgw-0a1b2c3d4e5f60789")),
            )
        ),
        "path_return": tuple(
            subnet(f"subnet-0{number}", acl(f"acl-0{number}", f"acl-{number}", "in", "100", "rule 100 allows"))
            for number in range(7, 0, -1)
        ),
        "causes": (),
        "advice": (),
        "assumed": (),
    }
)  # fmt: skip

NO_FLOW_LOGS: Final = BLOCKED_BY_GROUP.model_copy(
    update={
        "evidence": Evidence(agreement="no flow log covers orders-db's interface, so no packet was seen either way"),
        "fixes": (BY_REFERENCE,),
        "advice": (
            (
                "Turn a flow log on, so that the next question has a witness: aws ec2 create-flow-logs --resource-type "
                f"NetworkInterface --resource-ids {ORDERS_INTERFACE} --traffic-type ALL --log-destination-type s3 "
                "--log-destination arn:aws:s3:::flow-logs-123456789012"
            ),
        ),
        "snapshot": SnapshotFacts(),
    }
)

EVIL: Final = "orders\x1b[2J\x1b]0;owned\x07-db\u202e\u2066bd\nroot@web:~# rm -rf /" + "漢字" * 40 + "\x9b31m"
HOSTILE: Final = BLOCKED_BY_GROUP.model_copy(
    update={
        "question": QUESTION.model_copy(update={"destination": Party(kind="name", value=EVIL)}),
        "headline": f"{EVIL}'s security group {ORDERS_GROUP} has no inbound rule for tcp 3306 from 10.0.1.10.",
        "destination_name": f"{EVIL} 10.0.2.20",
        "causes": (
            GROUP_CAUSE.model_copy(update={"text": f"{EVIL}'s security group {ORDERS_GROUP} has no inbound rule."}),
        ),
        "path_forward": way_there(
            NO_RULE.model_copy(update={"name": EVIL}),
            data_acl=acl(DATA_ACL, "データベース用の許可リスト", "in", "100", "rule 100 allows"),
        ),
        "evidence": Evidence(
            flow_logs=REJECTED.model_copy(
                update={
                    "lines": ("2 123456789012 \x1b[31m" + "A" * 300 + "\x00\xff REJECT OK",),
                    "line_origins": ("/logs/\x1b[1mα/" + "深い" * 30 + "/x.log.gz:7",),
                    "sentences": (),
                }
            )
        ),
        "fixes": (BY_ADDRESS.model_copy(update={"title": f"allow tcp 3306 to {EVIL}"}),),
        "caveats": (f"The name {EVIL} is held by two interfaces.",),
    }
)

IPV6_GROUPS: Final = BLOCKED_BY_GROUP.model_copy(
    update={
        "question": QUESTION.model_copy(update={"source": Party(kind="ip", value="2001:db8:12:3400:aaaa:bbbb:cccc:1")}),
        "source_name": "web-1 2001:db8:12:3400:aaaa:bbbb:cccc:1",
        "destination_name": "orders-db 2001:db8:12:3401:aaaa:bbbb:cccc:2",
        "causes": tuple(
            GROUP_CAUSE.model_copy(
                update={
                    "component": component,
                    "any_of": 3,
                    "text": f"{component} of orders-db has no inbound rule for tcp 3306 from "
                    "2001:db8:12:3400:aaaa:bbbb:cccc:1.",
                }
            )
            for component in (ORDERS_GROUP, "sg-0b0b0b0b0b0b0b0b1", "sg-0b0b0b0b0b0b0b0b2")
        ),
        "evidence": Evidence(
            flow_logs=REJECTED.model_copy(
                update={
                    "first_reject": "2026-11-21T23:31:02Z",
                    "lines": (
                        RAW.replace("10.0.1.10", "2001:db8:12:3400:aaaa:bbbb:cccc:1").replace(
                            "10.0.2.20", "2001:db8:12:3401:aaaa:bbbb:cccc:2"
                        ),
                    ),
                    "sentences": (),
                }
            )
        ),
        "fixes": (),
    }
)

PASTED_RECORD: Final = BLOCKED_BY_GROUP.model_copy(
    update={
        "question": QUESTION.model_copy(
            update={
                "record": {
                    "version": "2",
                    "account-id": "123456789012",
                    "interface-id": ORDERS_INTERFACE,
                    "srcaddr": {"value": "10.0.1.10", "meaning": "web-1"},
                    "dstaddr": {"value": "10.0.2.20", "meaning": "orders-db"},
                    "srcport": 52000,
                    "dstport": 3306,
                    "protocol": 6,
                    "packets": 3,
                    "bytes": 180,
                    "start": 1795356180,
                    "end": 1795356195,
                    "action": "REJECT",
                    "log-status": "OK",
                    "tcp-flags": 18,
                }
            }
        )
    }
)

ANSWERS: Final = {
    "blocked_by_group": BLOCKED_BY_GROUP,
    "two_causes": TWO_CAUSES,
    "partly": PARTLY,
    "unknown": UNKNOWN,
    "reachable": REACHABLE,
    "internet_egress": INTERNET_EGRESS,
    "long_way": LONG_WAY,
    "no_flow_logs": NO_FLOW_LOGS,
    "hostile": HOSTILE,
    "ipv6_groups": IPV6_GROUPS,
    "pasted_record": PASTED_RECORD,
}
