"""The Web API refuses what Slack refuses, and keeps what it is given."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.slack_double.conftest import refused
from tests.slack_double.double import SlackDouble
from tests.slack_double.installation import EVERY_SCOPE, Installation


def test_a_token_is_needed_and_must_be_the_right_one(slack: SlackDouble) -> None:
    assert refused(WebClient(token="", base_url=slack.base_url).auth_test) == "not_authed"
    assert refused(WebClient(token="xoxb-other", base_url=slack.base_url).auth_test) == "invalid_auth"
    assert refused(WebClient(token=slack.app_token, base_url=slack.base_url).auth_test) == "not_allowed_token_type"
    swapped = WebClient(token=slack.bot_token, base_url=slack.base_url)
    assert refused(lambda: swapped.apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"


def test_the_scopes_are_in_a_header_of_every_answer(client: WebClient) -> None:
    assert set(client.auth_test().headers["x-oauth-scopes"].split(",")) == EVERY_SCOPE


def test_a_method_without_its_scope_is_refused_and_the_scope_is_named() -> None:
    with SlackDouble(Installation(scopes=frozenset({"chat:write"}))) as slack:
        slack.channel("C1")
        client = WebClient(token=slack.bot_token, base_url=slack.base_url)
        client.chat_postMessage(channel="C1", text="this one is allowed")
        calls: tuple[tuple[str, Callable[[], object]], ...] = (
            ("users:read", lambda: client.users_info(user="U1")),
            ("channels:history", lambda: client.conversations_history(channel="C1")),
            ("files:write", lambda: client.files_getUploadURLExternal(filename="a.png", length=1)),
            ("usergroups:read", lambda: client.usergroups_users_list(usergroup="S1")),
            ("reactions:write", lambda: client.reactions_add(channel="C1", timestamp="1", name="eyes")),
        )
        for needed, call in calls:
            with pytest.raises(SlackApiError) as caught:
                call()
            assert (caught.value.response["error"], caught.value.response["needed"]) == ("missing_scope", needed)


def test_an_unknown_method_is_a_fault(slack: SlackDouble, client: WebClient) -> None:
    assert refused(lambda: client.api_call("chat.shout")) == "unknown_method"
    assert "chat.shout" in slack.api.faults.pop()


def test_a_message_goes_where_the_app_is_and_nowhere_else(slack: SlackDouble, client: WebClient) -> None:
    slack.channel("C9").is_archived = True

    assert refused(lambda: client.chat_postMessage(channel="C404", text="x")) == "channel_not_found"
    assert refused(lambda: client.chat_postMessage(channel="C3", text="x")) == "channel_not_found"
    assert refused(lambda: client.chat_postMessage(channel="C2", text="x")) == "not_in_channel"
    assert refused(lambda: client.chat_postMessage(channel="C9", text="x")) == "is_archived"
    assert refused(lambda: client.api_call("chat.postMessage", json={"channel": "C1"})) == "no_text"
    assert client.chat_postMessage(channel="UANN", text="x")["channel"] == "DANN"


def test_a_message_can_be_updated_and_deleted_by_its_author_only(slack: SlackDouble, client: WebClient) -> None:
    mine = client.chat_postMessage(channel="C1", text="one")["ts"]
    theirs = slack.person("UANN").says("C1", "hello").message.ts

    client.chat_update(channel="C1", ts=mine, text="two")
    assert [one.text for one in slack.workspace.visible("C1")] == ["two", "hello"]
    assert refused(lambda: client.chat_update(channel="C1", ts=theirs, text="x")) == "cant_update_message"
    assert refused(lambda: client.chat_delete(channel="C1", ts=theirs)) == "cant_delete_message"
    assert refused(lambda: client.chat_update(channel="C1", ts=mine, text="x" * 4001)) == "msg_too_long"
    client.chat_delete(channel="C1", ts=mine)
    assert refused(lambda: client.chat_update(channel="C1", ts=mine, text="x")) == "message_not_found"


def test_an_update_without_blocks_keeps_the_old_ones_and_is_a_fault(slack: SlackDouble, client: WebClient) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "old"}}
    ts = client.chat_postMessage(channel="C1", text="one", blocks=[block])["ts"]

    message = client.chat_update(channel="C1", ts=ts, text="two")["message"]

    assert message["blocks"][0]["text"] == block["text"]
    assert "keeps the old ones" in slack.api.faults.pop()
    assert "blocks" not in client.chat_update(channel="C1", ts=ts, text="two", blocks=[])["message"]


def test_a_message_for_one_person_is_seen_by_nobody_else_and_cannot_be_updated(
    slack: SlackDouble, client: WebClient
) -> None:
    ts = client.chat_postEphemeral(channel="C1", user="UANN", text="psst")["message_ts"]

    assert [one.text for one in slack.workspace.visible("C1", "UANN")] == ["psst"]
    assert slack.workspace.visible("C1", "UBOB") == []
    assert refused(lambda: client.chat_update(channel="C1", ts=ts, text="x")) == "message_not_found"
    assert refused(lambda: client.chat_postEphemeral(channel="C1", user="U404", text="x")) == "user_not_in_channel"


def test_a_thread_is_named_by_its_first_message(slack: SlackDouble, client: WebClient) -> None:
    root = client.chat_postMessage(channel="C1", text="root")["ts"]
    reply = client.chat_postMessage(channel="C1", text="reply", thread_ts=root)["ts"]

    thread = client.conversations_replies(channel="C1", ts=root)["messages"]
    assert [one["text"] for one in thread] == ["root", "reply"]
    assert (thread[0]["reply_count"], thread[1]["thread_ts"]) == (1, root)
    client.chat_postMessage(channel="C1", text="lost", thread_ts=reply)
    assert "is a reply" in slack.api.faults.pop()
    assert "p" + root.replace(".", "") in client.chat_getPermalink(channel="C1", message_ts=root)["permalink"]
    assert refused(lambda: client.conversations_replies(channel="C1", ts="1.0")) == "thread_not_found"


def test_mentions_of_plain_words_and_silent_notifications_are_faults(slack: SlackDouble, client: WebClient) -> None:
    client.chat_postMessage(channel="C1", text="x", link_names=True)
    client.chat_postMessage(channel="C1", text=" ", blocks=[{"type": "divider"}])

    assert any("make mentions of plain words" in fault for fault in slack.api.faults)
    assert any("needs a fallback text" in fault for fault in slack.api.faults)
    slack.api.faults.clear()


def test_a_fault_fails_the_test_at_its_end() -> None:
    def faulty() -> None:
        with SlackDouble() as slack:
            slack.channel("C1")
            client = WebClient(token=slack.bot_token, base_url=slack.base_url)
            client.chat_postMessage(channel="C1", text=" ", blocks=[{"type": "divider"}])

    with pytest.raises(AssertionError, match="needs a fallback text"):
        faulty()


def test_channels_and_people_are_described_with_what_a_bot_must_know(slack: SlackDouble, client: WebClient) -> None:
    slack.channel("C4", "partners", shared=True)
    slack.user("gus", is_guest=True)
    slack.user("sue", is_single_channel_guest=True)
    slack.user("old", is_deactivated=True)
    slack.stranger("sam")

    assert client.conversations_info(channel="C4")["channel"]["is_ext_shared"]
    assert not client.conversations_info(channel="C1")["channel"]["is_ext_shared"]
    assert "UANN" in client.conversations_members(channel="C1")["members"]
    people = {name: client.users_info(user=name)["user"] for name in ("UANN", "UGUS", "USUE", "UOLD", "USAM")}
    assert [name for name, user in people.items() if user["is_restricted"]] == ["UGUS", "USUE"]
    assert [name for name, user in people.items() if user["is_ultra_restricted"]] == ["USUE"]
    assert [name for name, user in people.items() if user["deleted"]] == ["UOLD"]
    assert [name for name, user in people.items() if user["is_stranger"]] == ["USAM"]
    assert refused(lambda: client.users_info(user="U404")) == "user_not_found"
    assert refused(lambda: client.conversations_open(users="UOLD")) == "user_disabled"


def test_reactions_and_groups_of_users(slack: SlackDouble, client: WebClient) -> None:
    slack.workspace.usergroups["S1"] = ["UANN"]
    ts = slack.person("UANN").says("C1", "hello").message.ts

    client.reactions_add(channel="C1", timestamp=ts, name="eyes")
    assert refused(lambda: client.reactions_add(channel="C1", timestamp=ts, name="eyes")) == "already_reacted"
    client.reactions_remove(channel="C1", timestamp=ts, name="eyes")
    assert refused(lambda: client.reactions_remove(channel="C1", timestamp=ts, name="eyes")) == "no_reaction"
    assert client.usergroups_users_list(usergroup="S1")["users"] == ["UANN"]
    assert refused(lambda: client.usergroups_users_list(usergroup="S2")) == "no_such_subteam"
