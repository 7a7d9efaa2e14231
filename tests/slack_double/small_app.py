"""A small Bolt app, for the tests of the double itself, and the two ways in which any Bolt app is served."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from slack_bolt import Ack, App, BoltRequest, Respond, Say
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler

from tests.slack_double.double import SlackDouble

Way = Literal["http", "socket"]
WAYS: tuple[Way, ...] = ("http", "socket")


def small_app(slack: SlackDouble) -> App:
    """A Bolt app with nothing in it yet, that talks to the double."""
    client = WebClient(
        token=slack.bot_token,
        base_url=slack.base_url,
        retry_handlers=[ConnectionErrorRetryHandler(), RateLimitErrorRetryHandler()],
    )
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)
    return App(
        token=slack.bot_token, signing_secret=slack.signing_secret, client=client, logger=logging.getLogger("small")
    )


@contextmanager
def serving(app: App, slack: SlackDouble, way: Way) -> Iterator[None]:
    """The app, reached over HTTP or over Socket Mode."""
    if way == "http":
        with _http(app) as url:
            slack.serve_at(url)
            yield
        return
    handler = SocketModeHandler(app, slack.app_token, ping_interval=0.5)
    handler.connect()  # type: ignore[no-untyped-call]
    assert slack.socket.wait_open(1, 10)
    try:
        yield
    finally:
        # The SDK closes a connection only after its read has timed out, in three seconds, or has ended: so it ends.
        handler.client.auto_reconnect_enabled = False
        slack.socket.cut("close")
        handler.close()  # type: ignore[no-untyped-call]


@contextmanager
def _http(app: App) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = app.dispatch(BoltRequest(body=body, headers=dict(self.headers.items())))
            self.send_response(answer.status)
            for name, values in answer.headers.items():
                for value in values:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write((answer.body or "").encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/slack/events"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def echo(app: App) -> None:
    """Answer every mention in its thread, with a button; count what is heard in `app.heard`."""

    @app.event("app_mention")
    def mentioned(event: dict[str, Any], say: Say) -> None:
        told = f"heard {event['text'].partition('> ')[2]}"
        say(
            text=told,
            thread_ts=event["ts"],
            blocks=[
                {"type": "section", "text": {"type": "mrkdwn", "text": told}},
                {
                    "type": "actions",
                    "block_id": "answer",
                    "elements": [
                        {
                            "type": "button",
                            "action_id": "more",
                            "text": {"type": "plain_text", "text": "More"},
                            "value": "m1",
                        },
                        {
                            "type": "static_select",
                            "action_id": "which",
                            "placeholder": _plain("Which one"),
                            "options": [_option("web-1"), _option("web-2")],
                        },
                    ],
                },
            ],
        )

    @app.event("message")
    def said() -> None:
        pass

    @app.action("more")
    def more(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        message = body["message"]
        client.chat_update(channel=body["channel"]["id"], ts=message["ts"], text="more", blocks=[])

    @app.action("which")
    def which(ack: Ack, action: dict[str, Any], respond: Respond) -> None:
        ack()
        respond(text=f"chose {action['selected_option']['value']}", replace_original=False)


def asking(app: App) -> None:
    """A slash command that opens a modal, with what it answers."""

    @app.command("/why")
    def why(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        if body["text"]:
            ack(f"You asked: {body['text']}")
            return
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("form")
    def submitted(ack: Callable[..., None], view: dict[str, Any], body: dict[str, Any], client: WebClient) -> None:
        port = view["state"]["values"]["port"]["number"]["value"]
        if not port.isdigit():
            ack(response_action="errors", errors={"port": "A port is a number."})
            return
        ack()
        client.chat_postMessage(channel=body["user"]["id"], text=f"asked about port {port}")


def _option(name: str) -> dict[str, Any]:
    return {"text": _plain(name), "value": name}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


FORM: dict[str, Any] = {
    "type": "modal",
    "callback_id": "form",
    "title": _plain("Ask"),
    "submit": _plain("Ask"),
    "blocks": [
        {
            "type": "input",
            "block_id": "port",
            "label": _plain("Port"),
            "element": {"type": "plain_text_input", "action_id": "number"},
        }
    ],
}
