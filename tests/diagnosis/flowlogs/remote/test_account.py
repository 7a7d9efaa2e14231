"""The flow logs of an account: which engine reads which, and the four patterns of the field from question to fix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from diagnosis.answer import Answer
from diagnosis.evidence.engine_choice import Placed, choose
from diagnosis.evidence.query import LAST_HOUR_FIRST, Between, Last, Window
from diagnosis.flowlogs.account import AccountFlowLogs, Settings
from diagnosis.investigate import Asked, investigate
from diagnosis.question.question import Party, Question
from tests.accounts import Account, entry, rule, two_subnets, with_internet
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import NOON
from tests.diagnosis.flowlogs.remote.places import BUCKET, GROUP, Place, athena_settings
from tests.emulator.delivery import Destination, deliver_to_logs, deliver_to_s3
from tests.emulator.faults import FAULTS, Fault

CLIENT, SERVER = "eni-client", "eni-server"
ENGINES = ("s3", "insights", "athena")
SHORT = Between(NOON - 3600, NOON)
NAMES = {"s3": "DuckDB on S3 objects", "insights": "CloudWatch Logs Insights", "athena": "Athena"}
HOUR = 3600

AnyAccount = TypeVar("AnyAccount", bound=Account)


def logged(made: AnyAccount, engine: str, resource: str = "vpc-a", **more: Any) -> AnyAccount:
    """The account with a flow log that the engine reads."""
    item: dict[str, Any] = {
        "FlowLogId": "fl-0a1",
        "FlowLogStatus": "ACTIVE",
        "ResourceId": resource,
        "TrafficType": "ALL",
        "DeliverLogsStatus": "SUCCESS",
        "MaxAggregationInterval": 60,
    }
    if engine == "insights":
        item |= {"LogDestinationType": "cloud-watch-logs", "LogGroupName": GROUP}
    else:
        item |= {"LogDestinationType": "s3", "LogDestination": f"arn:aws:s3:::{BUCKET}/logs/"}
    listed = made.objects.get("ec2.describe_flow_logs", {"FlowLogs": []})["FlowLogs"]
    made.objects["ec2.describe_flow_logs"] = {"FlowLogs": [*listed, item | more]}
    return made


def source_of(place: Place, made: Account, engine: str, **settings: Any) -> AccountFlowLogs:
    """The flow logs of the account. Athena reads hours as well where no window is narrow enough for objects."""
    given: dict[str, Any] = {"athena": athena_settings(), "narrow": 0 if engine == "athena" else 6 * HOUR}
    return AccountFlowLogs(made.network(), place.remote(), Settings(**given | settings))


def deliver(place: Place, engine: str, lines: list[str]) -> None:
    if engine == "insights":
        deliver_to_logs(GROUP, corpus.V2, lines)
    else:
        to = Destination("fl-0a1", corpus.V2, BUCKET, "logs", account=Account().account, region=Account().region)
        deliver_to_s3(place.client("s3"), to, lines)


def ask(
    source: AccountFlowLogs,
    made: Account,
    port: int | None = 22,
    destination: Party | None = None,
    window: Window = LAST_HOUR_FIRST,
) -> Answer:
    party = destination or Party(kind="ip", value="10.0.2.20")
    asked = Question(
        intent="why", source=Party(kind="ip", value="10.0.1.10"), destination=party, protocol="tcp", port=port
    )
    answer = investigate(made.network(), Asked(asked, window), source)
    assert isinstance(answer, Answer)
    return answer


def at(minutes: int) -> int:
    """Minutes before noon, which is an hour ago."""
    return NOON - 60 * minutes


def closed() -> Account:
    made = two_subnets(server={"groups": ["sg-server"]})
    made.group("sg-server", "vpc-a", ingress=[rule("tcp", (443, 443), "10.0.0.0/8")])
    return made


def no_way_back() -> Account:
    made = two_subnets()
    made.items["ec2.describe_network_acls"][1]["Entries"] = [
        entry(100, "allow", "0.0.0.0/0"),
        entry(100, "allow", "10.0.0.0/8", egress=True, protocol="6", ports=(443, 443)),
    ]
    return made


def without_route() -> Account:
    made = with_internet(two_subnets())
    routes = made.items["ec2.describe_route_tables"][0]["Routes"]
    made.items["ec2.describe_route_tables"][0]["Routes"] = [one for one in routes if "igw-1" not in str(one)]
    return made


def record(interface: str, action: str, minutes: int) -> str:
    return corpus.record(interface, port=22, action=action, end=at(minutes))


def reply(interface: str, action: str, minutes: int) -> str:
    return corpus.reply(interface, action, port=22, end=at(minutes))


PATTERNS: tuple[tuple[str, Callable[[], Account], list[str], str, str, str], ...] = (
    (
        "REJECT on 22",
        closed,
        [record(SERVER, "REJECT", minute) for minute in range(30)] + [record(CLIENT, "ACCEPT", 3)],
        "REJECT as it arrives at eni-server",
        "Configuration and logs agree: both say it is refused.",
        "authorize-security-group-ingress --group-id sg-server",
    ),
    (
        "ACCEPT in, REJECT out",
        no_way_back,
        [record(SERVER, "ACCEPT", 5), reply(SERVER, "REJECT", 5), record(CLIENT, "ACCEPT", 5)],
        "ACCEPT in, REJECT out at eni-server: the network ACL of its subnet refuses the reply",
        "Configuration and logs agree: both say it is refused.",
        "create-network-acl-entry --network-acl-id acl-2",
    ),
    (
        "NODATA",
        without_route,
        [corpus.idle(CLIENT, end=at(minute)) for minute in range(1, 30)],
        "NODATA at eni-client: no packet used its interface",
        "NODATA says that nothing was sent while the interface was logged",
        "create-route --route-table-id rtb-1",
    ),
    (
        "SKIPDATA",
        closed,
        [corpus.idle(SERVER, "SKIPDATA", end=at(4)), record(CLIENT, "ACCEPT", 5), corpus.idle(CLIENT, end=at(9))],
        "SKIPDATA: records were lost in this window",
        "records were lost (SKIPDATA), so that there is none proves nothing",
        "authorize-security-group-ingress --group-id sg-server",
    ),
)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern[0])
def test_the_four_patterns_lead_from_question_to_fix_through_each_engine(
    place: Place, engine: str, pattern: tuple[Any, ...]
) -> None:
    name, account, lines, text, agreement, fix = pattern
    made = logged(account(), engine)
    deliver(place, engine, lines)
    party = Party(kind="ip", value="93.184.216.34") if name == "NODATA" else None

    answer = ask(source_of(place, made, engine), made, 443 if name == "NODATA" else 22, party, Last(2 * HOUR))

    logs = answer.evidence.flow_logs
    assert logs is not None
    assert logs.engine.startswith(NAMES[engine])
    assert text in logs.pattern
    assert agreement in answer.evidence.agreement
    assert answer.verdict == "blocked"
    assert any(fix in command for proven in answer.fixes for command in proven.commands)
    assert any("2026-11-22T12:49:00Z may not have been delivered" in limit for limit in logs.limits) == (
        engine != "insights"
    )
    assert any("may not have been delivered yet" in limit for limit in logs.limits)
    if name == "NODATA":
        assert "This holds up to 2026-11-22T12:" in logs.pattern
    if name == "SKIPDATA":
        assert any("Recreate the flow log" in advice for advice in answer.advice)


def test_a_window_that_may_not_have_been_delivered_says_nothing(place: Place) -> None:
    made = logged(closed(), "s3")
    deliver(place, "s3", [corpus.idle(CLIENT, end=at(30))])

    answer = ask(source_of(place, made, "s3"), made, window=Last(300))

    logs = answer.evidence.flow_logs
    assert logs is not None
    assert "may not have been delivered yet, so their absence proves nothing" in logs.pattern
    assert "may not have been delivered yet" in answer.evidence.agreement
    assert "no packet" not in logs.pattern


@pytest.mark.parametrize("engine", ENGINES)
def test_a_window_is_widened_only_when_it_is_empty(place: Place, engine: str) -> None:
    made = logged(closed(), engine)
    deliver(place, engine, [record(SERVER, "REJECT", 180)])
    source = source_of(place, made, engine)

    old = ask(source, made).evidence.flow_logs
    deliver(place, engine, [record(SERVER, "REJECT", -30)])
    new = ask(source, made).evidence.flow_logs

    assert old is not None
    assert new is not None
    assert (old.rejects, new.rejects) == (1, 1)
    assert any("so the logs were read back to 2026-11-21T13:00:00Z" in limit for limit in old.limits)
    assert not any("read back to" in limit for limit in new.limits)


def test_the_engine_follows_from_destination_and_window(place: Place) -> None:
    short, long = Between(NOON - HOUR, NOON), Between(NOON - 24 * HOUR, NOON)
    both = frozenset({CLIENT, SERVER})
    stored, grouped = logged(closed(), "s3"), logged(closed(), "insights")

    def engines(made: Account, window: Between, **settings: Any) -> list[tuple[str, str]]:
        source = source_of(place, made, "s3", **settings)
        return [(reading.engine, reading.why) for reading in source.choice(both, window).readings]

    assert engines(stored, short) == [("s3", "fl-0a1 delivers to S3, and one hour's are few objects")]
    assert engines(stored, long) == [("athena", "fl-0a1 delivers to S3, and 24 hours' are many objects")]
    assert engines(stored, long, athena=None) == [
        ("s3", "fl-0a1 delivers to S3, and Athena is not set up (--athena-output)")
    ]
    for window in (short, long):
        assert engines(grouped, window) == [("insights", "fl-0a1 delivers to CloudWatch Logs")]


def test_each_interface_is_read_where_its_own_flow_log_delivers_and_the_records_are_added_up(place: Place) -> None:
    made = logged(closed(), "s3", "subnet-1")
    logged(made, "insights", SERVER, FlowLogId="fl-0b2")
    deliver(place, "s3", [record(CLIENT, "ACCEPT", 5)])
    deliver(place, "insights", [record(SERVER, "REJECT", 5)])

    logs = ask(source_of(place, made, "s3"), made, window=Last(2 * HOUR)).evidence.flow_logs

    assert logs is not None
    assert (logs.accepts, logs.rejects, logs.records.read) == (1, 1, 2)
    assert NAMES["s3"] in logs.engine
    assert NAMES["insights"] in logs.engine


def test_log_groups_of_one_format_are_asked_in_one_query_fifty_at_a_time(place: Place) -> None:
    made = logged(closed(), "insights", "subnet-1", LogGroupName="/one")
    logged(made, "insights", "subnet-2", FlowLogId="fl-0b2", LogGroupName="/two")
    deliver_to_logs("/one", corpus.V2, [record(CLIENT, "ACCEPT", 5)])
    deliver_to_logs("/two", corpus.V2, [record(SERVER, "REJECT", 5)])

    logs = ask(source_of(place, made, "insights"), made, window=Last(2 * HOUR)).evidence.flow_logs

    assert logs is not None
    assert (logs.accepts, logs.rejects) == (1, 1)
    assert FAULTS.calls.count("logs.StartQuery") == 4, "three for both groups, and one for when it began"
    [one] = source_of(place, made, "insights").choice(frozenset({CLIENT}), SHORT).readings
    many = {
        f"eni-{number}": Placed(replace(one.logs[0], id=f"fl-{number}", destination=f"/{number}"), "1", "us-east-1")
        for number in range(60)
    }
    assert max(len(reading.destinations) for reading in choose(many, SHORT).readings) == 50
    assert sum(len(reading.destinations) for reading in choose(many, SHORT).readings) == 60


def test_where_not_one_record_is_found_absence_is_said_to_prove_nothing(place: Place) -> None:
    made = logged(closed(), "s3")

    logs = ask(source_of(place, made, "s3"), made, window=Last(2 * HOUR)).evidence.flow_logs

    assert logs is not None
    assert any("holds not one record of this time" in limit for limit in logs.limits)


def test_objects_lie_under_the_account_that_owns_the_flow_log(place: Place) -> None:
    """In a shared VPC the interface belongs to one account, and the VPC with its flow log to another."""
    made = logged(closed(), "s3")
    for item in made.items["ec2.describe_network_interfaces"]:
        item["OwnerId"] = "999999999999"
    deliver(place, "s3", [record(SERVER, "REJECT", 5)])

    logs = ask(source_of(place, made, "s3"), made, window=Last(2 * HOUR)).evidence.flow_logs

    assert logs is not None
    assert logs.rejects == 1


def test_where_one_of_two_cannot_be_read_the_other_is_and_the_evidence_is_partial(place: Place) -> None:
    made = logged(closed(), "s3", "subnet-1")
    logged(made, "insights", SERVER, FlowLogId="fl-0b2")
    deliver(place, "s3", [record(CLIENT, "ACCEPT", 5)])
    FAULTS.add(Fault("logs.StartQuery", "AccessDeniedException"))

    logs = ask(source_of(place, made, "s3"), made, window=Last(2 * HOUR)).evidence.flow_logs

    assert logs is not None
    assert logs.accepts == 1
    assert any("Not read: not permitted: needs logs:StartQuery" in limit for limit in logs.limits)


def test_where_none_can_be_read_the_configuration_is_judged_and_it_is_said_who_must_act(place: Place) -> None:
    made = logged(closed(), "s3")
    FAULTS.add(Fault("s3.*", "AccessDenied"))

    answer = ask(source_of(place, made, "s3"), made)

    assert answer.verdict == "blocked"
    assert answer.fixes
    assert answer.evidence.flow_logs is None
    assert any("an account administrator must grant s3:ListBucket" in caveat for caveat in answer.caveats)


def test_where_athena_cannot_be_asked_the_objects_are_read_as_far_as_the_budget_goes(place: Place) -> None:
    made = logged(closed(), "athena")
    deliver(place, "athena", [record(SERVER, "REJECT", 5)])
    source = source_of(place, made, "athena", athena=athena_settings(create=False))

    logs = ask(source, made, window=Last(2 * HOUR)).evidence.flow_logs

    assert logs is not None
    assert logs.rejects == 1
    assert logs.engine.startswith(NAMES["s3"])
    assert logs.limits[0].startswith("Athena was not asked, objects were read instead: No table of the Glue catalog")
    assert "CREATE EXTERNAL TABLE" in logs.limits[0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"LogDestinationType": "kinesis-data-firehose"}, "from where it cannot be read back"),
        ({"LogFormat": "${interface-id} ${srcaddr} ${start} ${end}"}, "lacks dstaddr, action"),
    ],
    ids=["firehose", "format"],
)
def test_a_flow_log_that_cannot_be_read_is_named_with_the_reason(place: Place, more: dict[str, Any], said: str) -> None:
    made = logged(closed(), "s3", **more)

    answer = ask(source_of(place, made, "s3"), made)

    assert answer.evidence.flow_logs is None
    assert any(said in caveat and "fl-0a1" in caveat for caveat in answer.caveats)
    assert FAULTS.calls == []


def test_delivery_errors_of_aws_and_interfaces_without_a_flow_log_are_said(place: Place) -> None:
    made = logged(closed(), "s3", CLIENT, DeliverLogsStatus="FAILED", DeliverLogsErrorMessage="Access error")
    deliver(place, "s3", [record(CLIENT, "ACCEPT", 5)])

    logs = ask(source_of(place, made, "s3"), made, window=Last(2 * HOUR)).evidence.flow_logs

    assert logs is not None
    assert any("could not deliver the newest records of fl-0a1: 'Access error'" in limit for limit in logs.limits)
    assert any(limit == f"No flow log covers {SERVER}." for limit in logs.limits)


def test_one_that_can_be_read_is_preferred_to_a_closer_one_that_cannot(place: Place) -> None:
    made = logged(closed(), "s3", CLIENT, FlowLogId="fl-0f1", LogDestinationType="kinesis-data-firehose")
    logged(made, "s3")

    choice = source_of(place, made, "s3").choice(frozenset({CLIENT}), Between(NOON - HOUR, NOON))

    assert [log.id for reading in choice.readings for log in reading.logs] == ["fl-0a1"]


def test_without_any_flow_log_nothing_is_asked_and_the_answer_says_how_to_have_one(place: Place) -> None:
    made = closed()
    made.objects["ec2.describe_flow_logs"] = {"FlowLogs": []}

    answer = ask(source_of(place, made, "s3"), made)

    assert answer.verdict == "blocked"
    assert "No flow log covers" in answer.evidence.agreement
    assert any("create-flow-logs" in advice for advice in answer.advice)
    assert FAULTS.calls == []
