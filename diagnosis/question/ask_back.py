"""What to ask when a text is not a complete question: what is missing, and the closest form that would be."""

from __future__ import annotations

from diagnosis.question.question import Party

_EXAMPLE = "why can't 10.0.1.10 reach orders-db on 3306"


def written(party: Party) -> str:
    """Return the party as a person would write it in a question; a name with spaces is quoted."""
    if party.kind == "internet":
        return "the internet"
    if party.kind == "service":
        return party.value.upper() if len(party.value) <= 4 else party.value
    return f'"{party.value}"' if " " in party.value else party.value


def missing(source: Party | None, destination: Party | None, port: int | None, broken: str | None = None) -> str:
    """Return one or two sentences: which side is missing and the closest valid form, with what is known filled in."""
    on = f" on {port}" if port is not None else ""
    if broken is not None:
        known = written(destination) if destination else "orders-db"
        return f"{broken} is not an IP address or CIDR. Ask like: why can't 10.0.1.10 reach {known}{on}"
    if destination is not None and source is None:
        return f"Which source? Ask like: why can't 10.0.1.10 reach {written(destination)}{on}, or: what can reach {written(destination)}{on}"
    if source is not None and destination is None:
        return f"Which destination? Ask like: why can't {written(source)} reach orders-db{on or ' on 3306'}, or: what can {written(source)} reach{on}"
    return f"I need a source and a destination. Ask like: {_EXAMPLE}, or: what can reach orders-db on 3306"


def no_such_port(number: str, source: Party | None, destination: Party | None) -> str:
    """Return that a number can be no port, and the question with one that can."""
    if source is not None and destination is not None:
        example = f"why can't {written(source)} reach {written(destination)} on 3306"
    elif destination is not None:
        example = f"what can reach {written(destination)} on 3306"
    else:
        example = f"what can {written(source) if source is not None else '10.0.1.10'} reach on 3306"
    return f"{number} is no port: ports go from 1 to 65535. Ask like: {example}"


def record_without_traffic(status: str, interface: str) -> str:
    """Return what a NODATA or SKIPDATA record says, and what to ask instead."""
    meaning = (
        "no traffic was seen on the interface in that window"
        if status == "NODATA"
        else "records were skipped in that window, so absence of a record proves nothing"
    )
    return f"This is a {status} record of {interface}: {meaning}, and it names no addresses. Ask like: {_EXAMPLE}"
