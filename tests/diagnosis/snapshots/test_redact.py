from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.snapshots.redact import SECRET_MEMBERS, redact


@pytest.mark.parametrize(
    ("answer", "clean"),
    [
        (
            {"VpnConnections": [{"CustomerGatewayConfiguration": "<xml/>", "VpnConnectionId": "vpn-0a1"}]},
            {"VpnConnections": [{"VpnConnectionId": "vpn-0a1"}]},
        ),
        (
            {
                "VpnConnections": [
                    {"Options": {"TunnelOptions": [{"PreSharedKey": "x", "OutsideIpAddress": "192.0.2.1"}]}}
                ]
            },
            {"VpnConnections": [{"Options": {"TunnelOptions": [{"OutsideIpAddress": "192.0.2.1"}]}}]},
        ),
        (
            {"Functions": [{"FunctionName": "f", "Environment": {"Variables": {"TOKEN": "x"}}}]},
            {"Functions": [{"FunctionName": "f"}]},
        ),
        (
            {
                "tasks": [
                    {"overrides": {"containerOverrides": [{"name": "c", "environment": [{"name": "K", "value": "x"}]}]}}
                ]
            },
            {"tasks": [{"overrides": {"containerOverrides": [{"name": "c"}]}}]},
        ),
        (
            {
                "virtualInterfaces": [
                    {"authKey": "x", "bgpPeers": [{"authKey": "x", "asn": 1}], "customerRouterConfig": "x"}
                ]
            },
            {"virtualInterfaces": [{"bgpPeers": [{"asn": 1}]}]},
        ),
        (
            {"Rules": [{"Actions": [{"AuthenticateOidcConfig": {"ClientSecret": "x", "Issuer": "i"}}]}]},
            {"Rules": [{"Actions": [{"AuthenticateOidcConfig": {"Issuer": "i"}}]}]},
        ),
        (
            {"DBInstances": [{"PendingModifiedValues": {"MasterUserPassword": "x", "Port": 1}}]},
            {"DBInstances": [{"PendingModifiedValues": {"Port": 1}}]},
        ),
        ({"Reservations": [{"Instances": [{"UserData": "x"}]}]}, {"Reservations": [{"Instances": [{}]}]}),
    ],
)
def test_a_secret_member_is_removed_wherever_aws_puts_it(answer: Any, clean: Any) -> None:
    assert redact(answer) == clean


def test_what_only_mentions_a_secret_stays() -> None:
    answer = {"CacheClusters": [{"AuthTokenEnabled": True, "Tags": [{"Key": "Environment", "Value": "prod"}]}]}

    assert redact(answer) is answer


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Id", "Name", *sorted(SECRET_MEMBERS)[:4]]), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(json_values)
def test_nothing_else_changes_and_a_second_time_changes_nothing(value: Any) -> None:
    once = redact(value)

    assert not SECRET_MEMBERS & set(members(once))
    assert redact(once) is once
    if not SECRET_MEMBERS & set(members(value)):
        assert once is value


def members(value: Any) -> list[str]:
    match value:
        case dict():
            return [*value, *(name for member in value.values() for name in members(member))]
        case list():
            return [name for item in value for name in members(item)]
        case _:
            return []
