"""Who the app is, and where its socket is opened."""

from __future__ import annotations

from tests.slack_double.calls import Call, method
from tests.slack_double.web_api import WebApi
from tests.slack_double.workspace import APP, BOT, BOT_USER, TEAM, Json


@method("auth.test", per_minute=600)
def auth_test(api: WebApi, call: Call) -> Json:
    return {
        "url": "https://acme.slack.com/",
        "team": "Acme",
        "user": "whynot",
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT,
        "is_enterprise_install": False,
    }


@method("apps.connections.open", per_minute=600)
def apps_connections_open(api: WebApi, call: Call) -> Json:
    return {"url": api.socket_url()}


@method("bots.info", "users:read")
def bots_info(api: WebApi, call: Call) -> Json:
    return {"bot": {"id": BOT, "app_id": APP, "user_id": BOT_USER, "name": "whynot", "deleted": False}}
