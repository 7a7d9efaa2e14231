"""The Slack manifest and the code say the same, in both directions."""

from __future__ import annotations

import ast
from typing import Any, cast

import pytest
import yaml
from slack_bolt import App

from bot.app import REQUIRED_SCOPES
from bot.listeners.homes import PROMPTS
from bot.listeners.register import register
from bot.views.controls import Action, Callback
from tests.house.source_tree import ROOT, dotted, modules, tree

MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))

# The scopes that each call of Slack's Web API needs, any one of them; a call that needs none has an empty set.
SCOPES_OF_CALLS: dict[str, set[str]] = {
    "agents_sessions_setStatus": {"assistant:write"},
    "apps_connections_open": set(),  # the app-level token's, whose scope is no part of a manifest
    "assistant_threads_setStatus": {"chat:write"},
    "assistant_threads_setSuggestedPrompts": {"assistant:write"},
    "auth_test": set(),
    "chat_delete": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history", "im:history"},
    "conversations_info": {"channels:read", "groups:read"},
    "conversations_replies": {"channels:history", "groups:history", "im:history"},
    "files_completeUploadExternal": {"files:write"},
    "files_getUploadURLExternal": {"files:write"},
    "files_info": {"files:read"},
    "usergroups_users_list": {"usergroups:read"},
    "users_info": {"users:read"},
    "views_open": set(),
    "views_publish": set(),
    "views_update": set(),
}
SCOPES_OF_EVENTS = {
    "agent_session_stopped": "assistant:write",
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
}


def calls() -> set[str]:
    """Every method of Slack's client that the code calls."""
    found = set()
    for module in modules():
        if module.parts[0] != "bot" or module.parts[1] == "transport":  # its client is the socket's
            continue
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = dotted(node.func.value).rpartition(".")[2]
                if owner in {"_client", "_hurried", "client"}:
                    found.add(node.func.attr)
    return found


class Ears:
    """Stands in for a Bolt app: remembers what is listened to."""

    def __init__(self) -> None:
        self.heard: dict[str, list[Any]] = {}

    def __getattr__(self, kind: str) -> Any:
        def listen(what: Any = None) -> Any:
            self.heard.setdefault(kind, []).append(what)
            return lambda listener: listener

        return listen


def heard() -> dict[str, list[Any]]:
    """What the listeners listen to, by kind."""
    ears = Ears()

    class Anything:
        def __getattr__(self, _name: str) -> Any:
            return lambda *_: None

    nobody = cast("Any", Anything())
    register(cast("App", ears), nobody, nobody, nobody, nobody, nobody)
    return ears.heard


def declared_scopes() -> tuple[list[str], list[str]]:
    scopes = MANIFEST["oauth_config"]["scopes"]
    return scopes["bot"], scopes["bot_optional"]


def test_every_event_that_is_declared_has_a_listener_and_none_listens_to_another() -> None:
    declared = MANIFEST["settings"]["event_subscriptions"]["bot_events"]

    assert {name.partition(".")[0] for name in declared} == set(heard()["event"])
    assert declared == sorted(set(declared))


def test_commands_and_shortcuts_are_the_same_on_both_sides() -> None:
    features = MANIFEST["features"]

    assert [one["command"] for one in features["slash_commands"]] == heard()["command"]
    assert [one["callback_id"] for one in features["shortcuts"]] == heard()["shortcut"]
    assert set(heard()["view"]) == set(Callback)
    assert all(pattern.fullmatch(action) for pattern in heard()["action"] for action in Action)
    assert MANIFEST["settings"]["interactivity"]["is_enabled"]


def test_every_call_has_its_scope() -> None:
    granted = {scope for scopes in declared_scopes() for scope in scopes}

    assert calls() - set(SCOPES_OF_CALLS) == set()
    assert {name for name in calls() if SCOPES_OF_CALLS[name] and not SCOPES_OF_CALLS[name] & granted} == set()


def test_every_scope_is_needed_by_a_call_an_event_or_a_command() -> None:
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    needed = {scope for name in calls() for scope in SCOPES_OF_CALLS[name]}
    needed |= {scope for name in events if (scope := SCOPES_OF_EVENTS[name])}
    needed |= {"commands"}

    assert {scope for scopes in declared_scopes() for scope in scopes} - needed == set()
    assert {SCOPES_OF_EVENTS[name] for name in events} - {None} <= {s for scopes in declared_scopes() for s in scopes}


def test_the_table_of_scopes_holds_no_call_that_nobody_makes() -> None:
    assert set(SCOPES_OF_CALLS) - calls() == set()


def test_at_most_six_scopes_are_required_and_none_is_asked_for_twice() -> None:
    required, optional = declared_scopes()

    assert len(required) <= 6
    assert set(required) == REQUIRED_SCOPES
    assert sorted({*required, *optional}) == sorted([*required, *optional])
    assert not {"chat:write.public", "users:read.email"} & {*required, *optional}


def test_the_manifest_keeps_slacks_limits() -> None:
    about, features = MANIFEST["display_information"], MANIFEST["features"]

    assert set(MANIFEST) == {"display_information", "features", "oauth_config", "settings"}
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 175 <= len(about["long_description"]) <= 4000
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert len(features["agent_view"]["suggested_prompts"]) <= 4
    assert all(len(shortcut["name"]) <= 24 for shortcut in features["shortcuts"])
    assert all(len(one["command"]) <= 32 for one in features["slash_commands"])
    assert "assistant_view" not in features  # new apps may not have it
    assert MANIFEST["settings"]["socket_mode_enabled"] is True


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda p: str(p["title"]))
def test_what_is_suggested_is_a_question_or_help(prompt: dict[str, str]) -> None:
    from bot.listeners.understanding import addressed

    asked = addressed(prompt["message"], None)

    assert asked == "help" if isinstance(asked, str) else getattr(asked, "intent", "") in {"why", "who"}
