"""The double as a server on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.emulator.athena_calls import install_athena
from tests.emulator.detective_calls import with_detective
from tests.emulator.faults import FAULTS, Application, with_faults
from tests.emulator.flow_log_calls import install_flow_logs
from tests.emulator.guardduty_calls import install_guardduty
from tests.emulator.insights_calls import install_insights
from tests.emulator.network_insights_calls import install_network_insights
from tests.emulator.policy_calls import install_policies
from tests.emulator.requester_pays import with_requester_pays
from tests.emulator.role_calls import install_roles
from tests.emulator.rule_calls import install_rules
from tests.emulator.trail_calls import install_trail
from tests.emulator.transit_route_calls import install_transit_routes
from tests.moto_server import moto_server


@contextmanager
def emulator(port: int = 0, around: Callable[[Application], Application] = lambda it: it) -> Iterator[str]:
    """A running server, by its URL; `FAULTS` is what goes wrong in it, and `around` may put something before all."""
    install_insights()
    install_athena()
    install_flow_logs()
    install_network_insights()
    install_transit_routes()
    install_trail()
    install_rules()
    install_roles()
    install_policies()
    install_guardduty()
    FAULTS.clear()
    with moto_server(port, lambda moto: around(with_faults(with_detective(with_requester_pays(moto))))) as url:
        yield url
    FAULTS.clear()
