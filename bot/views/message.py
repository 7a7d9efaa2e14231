"""What comes out: messages, views (modals and App Home), files. All are frozen values; sending is others' work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Literal

Block = dict[str, Any]
"""One Block Kit block as Slack takes it. Never changed once it is made."""

SENT_WITH: Final[Mapping[str, Any]] = MappingProxyType(
    {"unfurl_links": False, "unfurl_media": False, "link_names": False, "parse": "none"}
)
"""Arguments of every `chat.postMessage` and `chat.update`, so that Slack adds nothing to what a message says.
(`chat.update` takes no `unfurl_*`.)"""


@dataclass(frozen=True, slots=True)
class Message:
    """A message: `text` for notifications and screen readers, `blocks` for everyone else."""

    text: str
    blocks: tuple[Block, ...] = ()

    def payload(self) -> dict[str, Any]:
        """`text` and `blocks` as arguments of `chat.postMessage` and `chat.update`.

        `blocks` is always there: an update without it would leave the old blocks, live buttons among them, in place.
        """
        return {"text": self.text, "blocks": list(self.blocks)}

    def without(self, *kinds: str) -> Message:
        """The message without its blocks of these types."""
        return replace(self, blocks=tuple(block for block in self.blocks if block["type"] not in kinds))


@dataclass(frozen=True, slots=True)
class View:
    """A modal or the App Home, as `views.open`, `views.update` and `views.publish` take it."""

    type: Literal["modal", "home"]
    blocks: tuple[Block, ...]
    title: str = ""
    submit: str | None = None
    close: str | None = None
    callback_id: str | None = None
    private_metadata: str | None = None

    def payload(self) -> dict[str, Any]:
        """The `view` argument."""
        words = {"title": self.title, "submit": self.submit, "close": self.close}
        texts = {key: {"type": "plain_text", "text": text, "emoji": False} for key, text in words.items() if text}
        ids = {"callback_id": self.callback_id, "private_metadata": self.private_metadata}
        return {
            "type": self.type,
            **(texts if self.type == "modal" else {}),
            **{key: value for key, value in ids.items() if value is not None},
            "blocks": list(self.blocks),
        }


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to be uploaded into the thread. `alt` describes it to who cannot see it, where it is a picture."""

    name: str
    title: str
    content: bytes
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What answers one press: messages in their order, and the files that hold what no message can."""

    messages: tuple[Message, ...] = ()
    files: tuple[Attachment, ...] = ()
