"""Files are uploaded in three steps, and no block may show one before Slack is done with it."""

from __future__ import annotations

from urllib.request import Request, urlopen

from slack_sdk import WebClient

from tests.slack_double.conftest import refused
from tests.slack_double.double import SlackDouble


def picture(name: str) -> list[dict[str, object]]:
    return [{"type": "image", "alt_text": "the path", "slack_file": {"id": name}}]


def test_a_picture_can_be_shown_once_it_is_ready(slack: SlackDouble, client: WebClient) -> None:
    slack.api.files_take = 60.0
    uploaded = client.files_upload_v2(filename="path.png", content=b"png", alt_txt="the path")["file"]

    assert client.files_info(file=uploaded["id"])["file"]["mimetype"] == ""
    error = refused(lambda: client.chat_postMessage(channel="C1", text="x", blocks=picture(uploaded["id"])))
    assert error == "invalid_blocks"
    slack.clock.advance(60)
    assert client.files_info(file=uploaded["id"])["file"]["mimetype"] == "image/png"
    client.chat_postMessage(channel="C1", text="x", blocks=picture(uploaded["id"]))


def test_a_file_is_shared_in_a_thread(slack: SlackDouble, client: WebClient) -> None:
    asked = slack.person("UANN").says("C1", "show me")

    client.files_upload_v2(
        filename="log.txt", content="2 123 eni-1", channel="C1", thread_ts=asked.message.ts, initial_comment="the log"
    )

    assert asked.reply("log.txt").text == "the log"


def test_an_upload_that_does_not_fit_its_announcement_is_refused(slack: SlackDouble, client: WebClient) -> None:
    begun = client.files_getUploadURLExternal(filename="a.txt", length=5)
    files = [{"id": begun["file_id"], "title": "a"}]

    assert refused(lambda: client.files_completeUploadExternal(files=files)) == "file_update_failed"
    urlopen(Request(begun["upload_url"], b"four", method="POST"), timeout=5).close()  # noqa: S310 - loopback
    assert refused(lambda: client.files_completeUploadExternal(files=files)) == "file_upload_size_mismatch"
    assert refused(lambda: client.files_completeUploadExternal(files=[{"id": "F1"}])) == "file_not_found"
    assert refused(lambda: client.files_info(file=begun["file_id"])) == "file_not_found"


def test_blocks_given_with_an_upload_are_an_internal_error(client: WebClient) -> None:
    block = {"type": "markdown", "text": "x"}

    assert refused(lambda: client.files_upload_v2(filename="a.txt", content="x", blocks=[block])) == "internal_error"
