"""What Slack makes of what people type."""

from __future__ import annotations

import pytest

from tests.slack_double.composer import composed

TYPED = {
    "a < b && c > d": "a &lt; b &amp;&amp; c &gt; d",
    "<@U0WHYNOT> hello": "<@U0WHYNOT> hello",
    "see https://10.0.1.10:8443/health?a=1&b=2.": "see <https://10.0.1.10:8443/health?a=1&amp;b=2>.",
    "web-1 to orders.abc.eu-west-1.rds.amazonaws.com:3306": (
        "web-1 to <http://orders.abc.eu-west-1.rds.amazonaws.com|orders.abc.eu-west-1.rds.amazonaws.com>:3306"
    ),
    "ip-10-0-1-10.ec2.internal and 10.0.1.10": "ip-10-0-1-10.ec2.internal and 10.0.1.10",
    "ask ann@example.com": "ask <mailto:ann@example.com|ann@example.com>",
    "<!channel>": "<!channel>",
    "why \u202e can \u200b't 🔥": "why \u202e can \u200b't 🔥",
}


@pytest.mark.parametrize("typed", TYPED)
def test_it_travels_as_slack_sends_it(typed: str) -> None:
    assert composed(typed) == TYPED[typed]


def test_some_clients_make_quotes_curly() -> None:
    assert composed("can't", smart_quotes=True) == "can\u2019t"
