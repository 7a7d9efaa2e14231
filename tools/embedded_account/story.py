"""A day of the shop: 24 hours that end at 14:05 UTC on 22 November 2026.

Until 09:29:58 the web servers use orders-db. Then the rule that let them in is gone, and from 09:31:02 on every
attempt is rejected at the database's interface. All else goes on: customers, health checks, sessions, reports,
price lists, and strangers that scan.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, pairwise
from random import Random

from tools.embedded_account.exchanges import (
    FIN,
    ICMP,
    NOTHING,
    SYN,
    SYN_ACK,
    SYN_BYTES,
    UDP,
    Load,
    refused,
    spoken,
    through_nat,
    window,
)  # fmt: skip
from tools.embedded_account.records import Record, Silence, line, offset
from tools.embedded_account.shop import (
    ALB_A,
    ALB_B,
    BASTION,
    BATCH_1,
    INTERFACES,
    NAT,
    ORDERS_DB,
    PRICE_SYNC,
    REPORTS_DB,
    SESSIONS,
    WEB_1,
    WEB_2,
    WEB_3,
    WEBS,
    Interface,
)  # fmt: skip


def _at(clock: str, day: int = 22) -> int:
    hour, minute, second = (int(part) for part in clock.split(":"))
    return int(datetime(2026, 11, day, hour, minute, second, tzinfo=UTC).timestamp())


FIRST = _at("14:05:00", day=21)
LAST = _at("14:05:00")
DELIVERED = _at("14:03:59")
"""The newest records have not arrived yet: a file is written before every window of its minutes is closed."""
LAST_ACCEPT = _at("09:29:58")
FIRST_REJECT = _at("09:31:02")
LAST_REJECT = _at("14:03:15")
RETRIES_OF_THE_LAST_HOUR = 412
"""Rejected attempts of web-1 in the hour before the newest record."""

_MINUTES = range(FIRST // 60 - 1, LAST // 60)
_SEED = 20261122
_LINUX = (32768, 28232)
_ANY = (1024, 64512)

PAYMENTS = "192.0.2.80"
PACKAGES = "192.0.2.90"
SUPPLIERS = ("192.0.2.100", "192.0.2.101", "192.0.2.102")
PARTNER = "192.0.2.25"
ADMINISTRATOR = "192.0.2.130"
TELEMETRY = "2001:db8:f00d::443"
_S3_ADDRESSES = ("52.216.34.107", "54.231.140.9", "3.5.28.61")

_SCANNED_PORTS = (23, 22, 3389, 445, 8080, 6379, 5900, 1433, 3306, 5432, 21, 2222, 8443, 9200, 27017, 2375)
_SCANNED_SERVICES = ((5060, 421), (161, 71), (123, 36), (1900, 122))


class _Dice:
    """Numbers that look random and are the same in every run, on every version of Python."""

    def __init__(self, name: str) -> None:
        self._random = Random(f"{_SEED}/{name}")

    def below(self, limit: int) -> int:
        """An integer from 0 to before the limit; only random() promises the same numbers in every version."""
        return int(self._random.random() * limit)

    def pick(self, loads: tuple[Load, ...]) -> Load:
        return loads[self.below(len(loads))]


def _ports(of: tuple[int, int], name: str, step: int = 2) -> Iterator[int]:
    """Ports of one client, one after the other, as the kernel hands them out."""
    low, count = of
    at = _Dice(name).below(count)
    while True:
        yield low + at
        at = (at + step) % count


def _loads(name: str, least: int, most: int, each: int) -> tuple[Load, ...]:
    """A dozen ordinary sizes of one kind of exchange: packets, and bytes of about `each` a packet."""
    dice = _Dice(f"loads/{name}")
    packets = [least + dice.below(most - least + 1) for _ in range(12)]
    return tuple((count, count * each + dice.below(each)) for count in packets)


def day() -> Iterator[Record | Silence]:
    """Every record of the day, and the windows in which an interface had nothing to say or lost some."""
    stories = (
        _health_checks(), _customers(), _balanced(), _orders_served(), _orders_refused(), _pools(), _to_the_internet(),
        _batches(), _price_lists(), _scanners(), _partner(), _administration(), _over_ipv6(),
    )  # fmt: skip
    spoke: set[tuple[Interface, int]] = set()
    for record in chain.from_iterable(stories):
        if record.end <= DELIVERED:
            spoke.add((record.interface, (record.end - offset(record.interface)) // 60))
            yield record
    for interface in INTERFACES:
        for minute in _MINUTES:
            begins = minute * 60 + offset(interface)
            if (interface, minute) not in spoke and begins + 59 <= DELIVERED:
                yield Silence(interface, begins, begins + 59, "NODATA")
    for minute in (_at("02:17:00") // 60, _at("02:18:00") // 60):
        yield Silence(ALB_B, *window(ALB_B, minute), "SKIPDATA")


def torn() -> dict[int, tuple[str, ...]]:
    """Lines of one file that are no records: cut short, a word for a number, two run together, another log's."""
    times = (_at("08:26:10"), _at("08:26:50"))
    whole = line(next(spoken(WEB_1, REPORTS_DB, (41000, 5432), ((12, 2110), (10, 8400)), times)))
    other = '{"level":"info","ts":"2026-11-22T08:27:03Z","msg":"delivery resumed","stream":"eni-logs"}'
    return {
        _at("08:25:00"): (
            " ".join(whole.split()[:9]),
            whole.replace(" 5432 ", " postgresql "),
            f"{whole} {whole}",
            other,
        )
    }


def _health_checks() -> Iterator[Record]:
    for balancer in (ALB_A, ALB_B):
        for web in WEBS:
            ports = _ports(_ANY, f"health/{balancer.name}/{web.name}", step=7)
            for minute in _MINUTES:
                for _ in range(2):
                    yield from spoken(balancer, web, (next(ports), 8080), ((6, 447), (5, 601)), minute)


def _customers() -> Iterator[Record]:
    dice = _Dice("customers")
    up, down = _loads("customers/up", 9, 30, 140), _loads("customers/down", 10, 60, 1100)
    for minute in _MINUTES:
        hour = minute // 60 % 24
        for turn in range(3 if 4 <= hour < 11 else 7):
            address = f"198.19.{dice.below(48)}.{1 + dice.below(254)}"
            ports = (1024 + dice.below(64512), 443)
            balancer = (ALB_A, ALB_B)[turn % 2]
            yield from spoken(address, balancer, ports, (dice.pick(up), dice.pick(down)), minute)


def _held(
    client: Interface, server: Interface, port: int, loads: tuple[tuple[Load, ...], tuple[Load, ...]],
    of: tuple[int, int], *, lane: int = 0,
) -> Iterator[Record]:  # fmt: skip
    """A connection that is kept open and replaced every hour: flags only in its first and last minute."""
    dice = _Dice(f"held/{client.name}/{server.name}/{lane}")
    ports = _ports(of, f"held/{client.name}/{server.name}/{lane}", step=26)
    source = next(ports)
    for minute in _MINUTES:
        turn = (minute + lane * 17) % 60
        if turn == 0:
            source = next(ports)
        flags = {0: (SYN, SYN_ACK), 59: (FIN, FIN)}.get(turn, (NOTHING, NOTHING))
        yield from spoken(
            client, server, (source, port), (dice.pick(loads[0]), dice.pick(loads[1])), minute, flags=flags
        )


def _balanced() -> Iterator[Record]:
    loads = (_loads("balanced/up", 20, 90, 420), _loads("balanced/down", 25, 120, 900))
    for balancer in (ALB_A, ALB_B):
        for web in WEBS:
            yield from _held(balancer, web, 8080, loads, _ANY)


def _orders_served() -> Iterator[Record]:
    """Short connections, three a minute from each web server, until somebody takes the rule away."""
    up, down = _loads("orders/up", 9, 16, 130), _loads("orders/down", 8, 20, 610)
    for web in WEBS:
        dice = _Dice(f"orders/{web.name}")
        ports = _ports(_LINUX, f"orders/{web.name}")
        for begins in range(FIRST - 60, LAST_ACCEPT - 3, 20):
            start = begins + dice.below(17)
            end = min(start + 1 + dice.below(2), LAST_ACCEPT)
            yield from spoken(web, ORDERS_DB, (next(ports), 3306), (dice.pick(up), dice.pick(down)), (start, end))
    yield from spoken(WEB_1, ORDERS_DB, (39118, 3306), (up[0], down[0]), (LAST_ACCEPT - 1, LAST_ACCEPT))


def _orders_refused() -> Iterator[Record]:
    """What is left of it: connection attempts that nobody answers, each with its retransmissions."""
    last_hour = _spread(_at("13:04:20"), LAST_REJECT - 3, RETRIES_OF_THE_LAST_HOUR)
    before = _spread(FIRST_REJECT, _at("13:03:20"), 1483)
    yield from _attempts(WEB_1, (*before, *last_hour))
    yield from _attempts(WEB_2, _spread(FIRST_REJECT + 3, LAST_REJECT - 9, 960))
    yield from _attempts(WEB_3, _spread(FIRST_REJECT + 5, LAST_REJECT - 6, 958))


def _spread(first: int, last: int, count: int) -> tuple[int, ...]:
    return tuple(first + (last - first) * turn // (count - 1) for turn in range(count))


def _attempts(web: Interface, times: tuple[int, ...]) -> Iterator[Record]:
    ports = _ports(_LINUX, f"attempts/{web.name}")
    for turn, (start, following) in enumerate(pairwise((*times, times[-1] + 9))):
        # Retransmitted after one second and after three, unless the application has given up before.
        packets, lasts = ((3, 3), (2, 1), (3, 3), (1, 0))[turn % 4] if following - start > 4 else (1, 0)
        if turn == len(times) - 1:
            packets, lasts = 3, 3
        load = (packets, packets * SYN_BYTES)
        yield from refused(web, ORDERS_DB, (next(ports), 3306), load, (start, start + lasts))


def _pools() -> Iterator[Record]:
    reports = (_loads("reports/up", 6, 24, 160), _loads("reports/down", 6, 40, 820))
    sessions = (_loads("sessions/up", 40, 160, 96), _loads("sessions/down", 40, 160, 210))
    for web in WEBS:
        for lane in range(2):
            yield from _held(web, REPORTS_DB, 5432, reports, _LINUX, lane=lane)
        yield from _held(web, SESSIONS, 6379, sessions, _LINUX)


def _to_the_internet() -> Iterator[Record]:
    dice = _Dice("payments")
    up, down = _loads("payments/up", 10, 22, 180), _loads("payments/down", 9, 20, 540)
    ports, outer = _ports(_LINUX, "payments"), _ports(_ANY, "payments/outer", step=3)
    for minute in _MINUTES:
        for web in (WEBS[minute % 3], WEBS[(minute + 1) % 3]):
            loads = (dice.pick(up), dice.pick(down))
            yield from through_nat(web, PAYMENTS, (next(ports), next(outer), 443), loads, minute)


def _batches() -> Iterator[Record]:
    """Every five minutes: read the orders, load the reports, keep a copy in S3; and a cache that it may not use."""
    ports = _ports(_LINUX, "batch", step=4)
    for minute in _MINUTES:
        if minute % 5 == 1:
            yield from spoken(BATCH_1, ORDERS_DB, (next(ports), 3306), ((64, 9216), (380, 511872)), minute)
            yield from spoken(BATCH_1, REPORTS_DB, (next(ports), 5432), ((410, 498160), (96, 8256)), minute)
            copy = _S3_ADDRESSES[minute // 5 % 3]
            yield from spoken(BATCH_1, copy, (next(ports), 443), ((350, 487200), (120, 9480)), minute)
        if minute % 15 == 4:
            yield from refused(BATCH_1, SESSIONS, (next(ports), 6379), (3, 3 * SYN_BYTES), minute)
        if minute % 360 == 40:
            loads = ((44, 3960), (90, 118200))
            yield from through_nat(BATCH_1, PACKAGES, (next(ports), 20000 + minute % 9973, 80), loads, minute)


def _price_lists() -> Iterator[Record]:
    ports, outer = _ports(_ANY, "prices", step=11), _ports(_ANY, "prices/outer", step=5)
    for minute in _MINUTES:
        if minute % 15 == 0:
            for supplier in SUPPLIERS:
                loads = ((14, 2240), (38, 46800))
                yield from through_nat(PRICE_SYNC, supplier, (next(ports), next(outer), 443), loads, minute)
            yield from spoken(PRICE_SYNC, REPORTS_DB, (next(ports), 5432), ((30, 26400), (22, 1980)), minute)


def _scanners() -> Iterator[Record]:
    """Strangers try the public addresses: ports that no group opens, and a range that the network ACL denies."""
    dice = _Dice("scanners")
    for minute in _MINUTES:
        for turn in range(2 + dice.below(3)):
            source_port = 40000 + dice.below(20000)
            if turn == 0 and minute % 4 == 0:
                denied = f"198.51.100.{1 + dice.below(254)}"
                for target in (ALB_A, ALB_B, NAT):
                    yield from refused(denied, target, (source_port, 443), (1, 40), minute)
                continue
            stranger = f"198.18.{dice.below(128)}.{1 + dice.below(254)}"
            if dice.below(9) == 0:
                port, size = _SCANNED_SERVICES[dice.below(4)]
                for target in (ALB_A, ALB_B, BASTION):
                    yield from refused(stranger, target, (source_port, port), (1, size), minute, protocol=UDP)
                continue
            port = _SCANNED_PORTS[dice.below(16)]
            for target in (ALB_A, ALB_B, BASTION):
                yield from refused(stranger, target, (source_port, port), (1, 40), minute)


def _partner() -> Iterator[Record]:
    """A partner sends notices, and still tries the port of a service that has been switched off."""
    ports = _ports(_ANY, "partner", step=9)
    for minute in _MINUTES:
        if minute % 10 == 3:
            yield from spoken(PARTNER, ALB_A, (next(ports), 443), ((11, 3190), (9, 5120)), minute)
        if minute % 20 == 8:
            yield from refused(PARTNER, ALB_A, (next(ports), 8443), (3, 3 * SYN_BYTES), minute)


def _administration() -> Iterator[Record]:
    """Somebody at work on the bastion around half past nine, who later finds that the database is alive."""
    quiet = ((18, 1980), (16, 2410))
    for minute in range(_at("09:12:00") // 60, _at("10:48:00") // 60):
        yield from spoken(ADMINISTRATOR, BASTION, (51842, 22), quiet, minute, flags=(NOTHING, NOTHING))
    for minute in range(_at("09:41:00") // 60, _at("09:58:00") // 60):
        yield from spoken(BASTION, WEB_1, (44310, 22), quiet, minute, flags=(NOTHING, NOTHING))
        if minute % 4 == 0:
            yield from spoken(BASTION, WEB_3, (44300 + minute % 7 * 2, 22), quiet, minute)
    for turn, clock in enumerate(("10:02:11", "10:05:40", "10:21:03")):
        times = (_at(clock), _at(clock) + 4)
        yield from spoken(BASTION, ORDERS_DB, (40220 + turn * 2, 3306), ((14, 1610), (12, 4870)), times)
    ping = (_at("10:08:20"), _at("10:08:24"))
    yield from refused(BASTION, ORDERS_DB, (0, 0), (5, 420), ping, protocol=ICMP)
    yield from spoken(BASTION, WEB_2, (44512, 22), quiet, _at("10:30:00") // 60)


def _over_ipv6() -> Iterator[Record]:
    ports = _ports(_LINUX, "ipv6", step=6)
    for minute in _MINUTES:
        if minute % 3 == 0:
            web = (WEB_1, WEB_2, WEB_3)[minute // 3 % 3]
            yield from spoken(web, TELEMETRY, (next(ports), 443), ((12, 4104), (10, 5240)), minute)
