"""Who may ask where: nobody whom a setting does not let."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.access.people import Asker, Denial, Place, denial, terms
from bot.settings.values import ChannelSettings, PeopleSettings, Settings

ANN = Asker("U1", "T1")
OPS = Place("C1", direct=False)
SETTINGS = Settings(channels={"C1": ChannelSettings()})


@pytest.mark.parametrize(
    ("asker", "place", "why"),
    [
        (ANN, OPS, None),
        (replace(ANN, guest=True), OPS, "guest"),
        (replace(ANN, team="T2"), OPS, "stranger"),
        (replace(ANN, team=""), OPS, "stranger"),
        (replace(ANN, bot=True), OPS, "nobody"),
        (replace(ANN, gone=True), OPS, "nobody"),
        (ANN, Place("C2", direct=False), "unconfigured"),
        (ANN, Place("D1", direct=True), "direct message"),
        (ANN, replace(OPS, shared=True), "shared"),
    ],
)
def test_by_default_only_members_may_ask_in_channels_of_their_own(
    asker: Asker, place: Place, why: Denial | None
) -> None:
    assert denial(asker, place, "T1", SETTINGS) == why


def test_what_is_refused_by_default_can_be_allowed() -> None:
    settings = Settings(
        channels={"C1": ChannelSettings(shared=True)},
        direct_messages=ChannelSettings(vpcs=("vpc-1",)),
        people=PeopleSettings(guests=True),
    )

    assert denial(replace(ANN, guest=True), replace(OPS, shared=True), "T1", settings) is None
    assert denial(ANN, Place("D1", direct=True), "T1", settings) is None
    assert denial(replace(ANN, team="T2"), replace(OPS, shared=True), "T1", settings) == "stranger"
    assert terms(Place("D1", direct=True), settings) == ChannelSettings(vpcs=("vpc-1",))
