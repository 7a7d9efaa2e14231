"""The app as it was installed: tokens, scopes, and what of Slack's events and menus it asked for in its manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

EVERY_SCOPE = frozenset(
    """app_mentions:read assistant:write channels:history channels:read chat:write commands files:read files:write
    groups:history groups:read im:history im:read im:write reactions:read reactions:write usergroups:read users:read
    users:read.email""".split()
)
EVERY_EVENT = frozenset(
    """agent_session_stopped app_home_opened app_mention app_uninstalled channel_left group_left member_joined_channel
    message.channels message.groups message.im message.mpim tokens_revoked assistant_thread_started""".split()
)

# The scope without which Slack does not let an app subscribe to an event.
SCOPE_OF_EVENT = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "member_joined_channel": "channels:read",
    "channel_left": "channels:read",
    "group_left": "groups:read",
    "assistant_thread_started": "assistant:write",
    "agent_session_stopped": "assistant:write",
}


@dataclass(frozen=True)
class Installation:
    """What the app was given. `commands` and `shortcuts`: None means that any name will do."""

    bot_token: str = "xoxb-1234567890-double-bot-token"
    app_token: str = "xapp-1-A0WHYNOT-double-app-token"
    signing_secret: str = "8f742231b10e8888abcd99yyyzzz85a5"
    scopes: frozenset[str] = EVERY_SCOPE
    events: frozenset[str] = EVERY_EVENT
    commands: frozenset[str] | None = None
    shortcuts: frozenset[str] | None = None
    is_interactive: bool = True
    messages_tab: bool = True
    home_tab: bool = True

    def hears(self, event: str) -> bool:
        """Whether Slack sends an event of this name to the app."""
        scope = SCOPE_OF_EVENT.get(event)
        return event in self.events and (scope is None or scope in self.scopes)


def from_manifest(path: Path, *, without_optional: bool = False) -> Installation:
    """What an app that is made from a manifest is given; `without_optional`: its optional scopes were refused."""
    manifest: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    features = manifest.get("features", {})
    scopes = manifest.get("oauth_config", {}).get("scopes", {})
    settings = manifest.get("settings", {})
    home = features.get("app_home", {})
    # Every app that is an agent has this scope, whether it asks for it or not.
    agent = {"assistant:write"} if "agent_view" in features else set()
    optional = set() if without_optional else set(scopes.get("bot_optional", ()))
    return Installation(
        scopes=frozenset({*scopes.get("bot", ()), *optional, *agent}),
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
        commands=frozenset(one["command"] for one in features.get("slash_commands", ())),
        shortcuts=frozenset(one["callback_id"] for one in features.get("shortcuts", ())),
        is_interactive=bool(settings.get("interactivity", {}).get("is_enabled")),
        messages_tab=bool(home.get("messages_tab_enabled")) or "agent_view" in features,
        home_tab=bool(home.get("home_tab_enabled")),
    )
