"""The one place that calls Slack's Web API to say something: tries plainer forms, and tells what cannot be helped."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError, SlackRequestError

from bot.health.metrics import Metrics
from bot.views.ladder import ladder
from bot.views.message import SENT_WITH, Attachment, Message, View

TOO_NEW: Final = frozenset(
    "invalid_blocks invalid_blocks_format invalid_attachments msg_too_long msg_blocks_too_long block_mismatch".split()
)
"""Errors after which a plainer form of the message is worth a try."""
OF_SLACK: Final = frozenset("internal_error fatal_error service_unavailable request_timeout".split())
"""Errors that are Slack's own: what was asked may have been done or not."""


class _Lost(Exception):
    """Slack failed, and whether it did what was asked is not known."""


NOT_SENT: Final = (_Lost, URLError, OSError, http.client.HTTPException, SlackRequestError, SlackClientError)
"""What a call raises when Slack was not reached, or its answer was lost."""
CLOCKS_DIFFER: Final = 300.0
"""Seconds by which our clock and Slack's may differ."""
READY_WAITS: Final = (0.1, 0.3, 0.6, 1.0, 2.0, 4.0, 8.0)
"""Seconds between two looks at a file that Slack is still at work on. It takes about a hundred looks a minute."""


class Unreachable(Exception):
    """A message cannot be said where it should be. `code` is Slack's word for why: `not_in_channel`, `is_archived`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Courier:
    """Says things in Slack. Methods may be called from any thread, and wait for Slack."""

    def __init__(
        self, client: WebClient, watch: Metrics, clock: Callable[[], float] = time.monotonic, own_user: str = ""
    ) -> None:
        self._client = client
        self._hurried = without_waiting(client)
        self._watch = watch
        self._clock = clock
        self.own_user = own_user

    def post(self, channel: str, message: Message, *, thread: str | None = None, marked: str = "") -> str:
        """Post a message, in the plainest form that it takes; its `ts`. Raises Unreachable.

        `marked` is kept with the message, unseen: where the answer of a call was lost, the message is looked for by it
        before it is posted a second time.
        """
        kept: dict[str, Any] = {"metadata": {"event_type": "whynot", "event_payload": {"id": marked}}} if marked else {}

        def send(form: Message) -> str:
            sent = self._client.chat_postMessage(
                channel=channel,
                thread_ts=thread,
                **form.payload(),
                **SENT_WITH,
                **kept,
            )
            return str(sent["ts"])

        try:
            return self._down_the_ladder("chat.postMessage", message, send)
        except NOT_SENT as error:
            self._watch.slack_error("chat.postMessage", type(error).__name__)
            found = self.find(channel, thread, marked) if marked and thread else None
            if found is not None:
                return found
            try:
                return self._down_the_ladder("chat.postMessage", message, send)
            except NOT_SENT as again:
                raise Unreachable(type(again).__name__) from again

    def post_root(self, channel: str, message: Message, *, marked: str) -> tuple[str, str]:
        """Post the message that a thread begins with: the channel that it is in, and its `ts`. Raises Unreachable.

        `channel` may be a person: then it is the direct messages with them.
        """
        where = channel

        def send(form: Message) -> str:
            nonlocal where
            kept = {"event_type": "whynot", "event_payload": {"id": marked}}
            sent = self._client.chat_postMessage(channel=channel, metadata=kept, **form.payload(), **SENT_WITH)
            where = str(sent["channel"])
            return str(sent["ts"])

        try:
            ts = self._down_the_ladder("chat.postMessage", message, send)
        except NOT_SENT as error:
            raise Unreachable(type(error).__name__) from error
        return where, ts

    def post_marked(self, channel: str, message: Message, *, marked: str) -> str | None:
        """Post a message that must not come twice; its `ts`, or None where the answer was lost. Raises Unreachable.

        `marked` is kept with it, unseen, and `find_posted` finds it by that.
        """
        kept = {"event_type": "whynot", "event_payload": {"id": marked}}

        def send(form: Message) -> str:
            sent = self._client.chat_postMessage(channel=channel, metadata=kept, **form.payload(), **SENT_WITH)
            return str(sent["ts"])

        try:
            return self._down_the_ladder("chat.postMessage", message, send)
        except NOT_SENT as error:
            self._watch.slack_error("chat.postMessage", type(error).__name__)
            return None

    def find_posted(self, channel: str, since: float, marked: str) -> str | None:
        """The `ts` of the message in a channel that was marked so.

        It is "" where there is none, and None where we may not look. `since` is the Unix second after which it would
        have been posted.
        """

        def page(cursor: str | None) -> Any:
            oldest = f"{since - CLOCKS_DIFFER:.6f}"
            return self._client.conversations_history(
                channel=channel, oldest=oldest, limit=200, include_all_metadata=True, cursor=cursor
            )

        cursor: str | None = None
        while True:
            seen = self._tried("conversations.history", partial(page, cursor))
            if seen is None:
                return None
            for message in seen["messages"]:
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if payload.get("id") == marked:
                    return str(message["ts"])
            cursor = str((seen.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return ""

    def update(self, channel: str, ts: str, message: Message) -> None:
        """Put another message in the place of one of ours. Raises Unreachable."""
        told = {key: value for key, value in SENT_WITH.items() if not key.startswith("unfurl")}

        def send(form: Message) -> str:
            self._hurried.chat_update(channel=channel, ts=ts, **form.payload(), **told)
            return ts

        try:
            self._down_the_ladder("chat.update", message, send)
        except NOT_SENT as error:
            raise Unreachable(type(error).__name__) from error

    def delete(self, channel: str, ts: str) -> None:
        """Remove one of our messages; one that is gone already is no matter."""
        self._tried("chat.delete", lambda: self._client.chat_delete(channel=channel, ts=ts))

    def whisper(self, channel: str, person: str, message: Message, *, thread: str | None = None) -> None:
        """Say something that one person sees, there or, where that cannot be, in a direct message."""
        form = ladder(message)[0]
        said = self._tried(
            "chat.postEphemeral",
            lambda: self._client.chat_postEphemeral(
                channel=channel, user=person, thread_ts=thread, **form.payload(), link_names=False, parse="none"
            ),
        )
        if said is None:
            self.tell(person, message)

    def tell(self, person: str, message: Message) -> bool:
        """Say something in a direct message; whether it arrived."""
        try:
            self.post(person, message)
        except Unreachable:
            return False
        return True

    def status(self, channel: str, thread: str, text: str) -> bool:
        """Show below a thread what is being done, "" to end it; False where this workspace does not show it."""
        said = self._tried(
            "assistant.threads.setStatus",
            lambda: self._hurried.assistant_threads_setStatus(channel_id=channel, thread_ts=thread, status=text),
        )
        return said is not None

    def session(self, channel: str, thread: str, *, at_work: bool) -> bool:
        """Say whether a thread is being worked on, which gives it Slack's own Stop button; False where it has none."""
        state = "processing" if at_work else "active"
        said = self._tried(
            "agents.sessions.setStatus",
            lambda: self._hurried.agents_sessions_setStatus(channel_id=channel, thread_ts=thread, status=state),
        )
        return said is not None

    def prompts(self, channel: str, thread: str, prompts: list[dict[str, str]]) -> None:
        """Suggest questions in the agent's pane."""
        self._tried(
            "assistant.threads.setSuggestedPrompts",
            lambda: self._client.assistant_threads_setSuggestedPrompts(
                channel_id=channel, thread_ts=thread, prompts=prompts
            ),
        )

    def open_view(self, trigger: str, view: View) -> str | None:
        """Open a modal; its id, or None where the press is too old by now."""
        opened = self._tried("views.open", lambda: self._client.views_open(trigger_id=trigger, view=view.payload()))
        return str(opened["view"]["id"]) if opened is not None else None

    def update_view(self, identity: str, view: View) -> None:
        """Put another view in the place of an open modal."""
        self._tried("views.update", lambda: self._client.views_update(view_id=identity, view=view.payload()))

    def publish_home(self, person: str, view: View) -> None:
        """Show somebody's App Home."""
        self._tried("views.publish", lambda: self._client.views_publish(user_id=person, view=view.payload()))

    def upload(self, file: Attachment, *, channel: str | None = None, thread: str | None = None) -> str | None:
        """Upload a file, and share it in a thread where one is named; its id, or None where files cannot be had.

        One that is shared is what was asked for, and waits for its turn; a picture in an answer must not delay it.
        """
        client = self._client if channel else self._hurried

        def steps() -> Mapping[str, Any]:
            begun = client.files_getUploadURLExternal(
                filename=file.name, length=len(file.content), alt_txt=file.alt[:1000] or None
            )
            self._put(str(begun["upload_url"]), file)
            done: list[dict[str, str | None]] = [{"id": str(begun["file_id"]), "title": file.title[:255]}]
            client.files_completeUploadExternal(files=done, channel_id=channel, thread_ts=thread)
            return {"file_id": begun["file_id"]}

        found = self._tried("files.completeUploadExternal", steps)
        return str(found["file_id"]) if found is not None else None

    def ready(self, file: str, seconds: float, ended: threading.Event) -> bool:
        """Wait until a block may show an uploaded file: Slack works on it for a while after the upload.

        `ended` ends the wait.
        """
        until = self._clock() + seconds
        for wait in READY_WAITS:
            seen = self._tried("files.info", lambda: self._hurried.files_info(file=file))
            if seen is None:
                return False
            if seen["file"].get("mimetype"):
                return True
            if self._clock() + wait > until:
                return False
            if ended.wait(wait):
                return False
        return False

    def person(self, identity: str) -> Mapping[str, Any] | None:
        """Somebody as `users.info` describes them; None where Slack does not say."""
        found = self._tried("users.info", lambda: self._client.users_info(user=identity))
        return dict(found["user"]) if found is not None else None

    def members(self, group: str) -> frozenset[str] | None:
        """Who is in a user group; None where Slack does not say."""
        found = self._tried("usergroups.users.list", lambda: self._client.usergroups_users_list(usergroup=group))
        return frozenset(str(user) for user in found["users"]) if found is not None else None

    def shared(self, channel: str) -> bool | None:
        """Whether a channel is shared with another organisation; None where Slack does not say."""
        found = self._tried("conversations.info", lambda: self._client.conversations_info(channel=channel))
        if found is None:
            return None
        about = found["channel"]
        return bool(about.get("is_ext_shared") or about.get("is_pending_ext_shared"))

    def find(self, channel: str, thread: str, marked: str) -> str | None:
        """The message of ours in a thread that was marked so, where we may look."""
        seen = self._tried(
            "conversations.replies",
            lambda: self._client.conversations_replies(
                channel=channel, ts=str(thread), limit=200, include_all_metadata=True
            ),
        )
        for message in seen["messages"] if seen is not None else ():
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            if payload.get("id") == marked:
                return str(message["ts"])
        return None

    def _put(self, url: str, file: Attachment) -> None:
        from urllib.request import Request, urlopen

        if not url.startswith(("https://", "http://127.0.0.1:")):
            raise URLError("an upload goes to an https address only")
        request = Request(url, data=file.content, headers={"Content-Type": "application/octet-stream"})  # noqa: S310 - looked at above
        with urlopen(request, timeout=30) as answer:  # noqa: S310 - the same request
            answer.read()

    def _down_the_ladder(self, method: str, message: Message, send: Callable[[Message], str]) -> str:
        forms = ladder(message)
        for form in forms:
            try:
                return send(form)
            except SlackApiError as error:
                code = _code(error)
                self._watch.slack_error(method, code)
                if code in OF_SLACK or code.startswith("5"):
                    raise _Lost(code) from error
                if code not in TOO_NEW or form is forms[-1]:
                    raise Unreachable(code) from error
        raise AssertionError("the ladder has at least one step")

    def _tried(self, method: str, call: Callable[[], Any]) -> Any:
        """What a call answers that may be made twice, or None where it failed: counted, and the caller does without."""
        for _ in range(2):
            try:
                return call()
            except SlackApiError as error:
                code = _code(error)
                self._watch.slack_error(method, code)
                if not (code in OF_SLACK or code.startswith("5")):
                    return None
            except NOT_SENT as error:
                self._watch.slack_error(method, type(error).__name__)
        return None


def without_waiting(client: WebClient) -> WebClient:
    """The same client for calls that an answer does not wait for: what Slack puts off is left out."""
    return WebClient(
        token=client.token,
        base_url=client.base_url,
        timeout=client.timeout,
        ssl=client.ssl,
        proxy=client.proxy,
        headers={**client.headers},
        retry_handlers=[],
    )


def _code(error: SlackApiError) -> str:
    answer = error.response
    code = answer.get("error") if answer is not None else None
    return str(code or getattr(answer, "status_code", "unknown"))
