"""The settings of fixes: whether they may be applied by button, who decides, and what no fix may do."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, NonNegativeInt, model_validator

from bot.settings.group import Group, a_word

Mode = Literal["off", "notify", "approve"]
Risk = Literal["safe", "needs judgement"]


def _begins(text: str, letters: str, what: str) -> str:
    if not (text[:1] in letters and len(text) > 1 and text.isalnum() and text.isupper()):
        raise ValueError(f"{text[:80]} is no {what}: it begins with {' or '.join(letters)}")
    return text


def _a_user(text: str) -> str:
    return _begins(text, "UW", "user id")


def _a_user_group(text: str) -> str:
    return _begins(text, "S", "user group id")


def _a_channel(text: str) -> str:
    return _begins(text, "CG", "channel id")


def _somebody(text: str) -> str:
    return _begins(text, "CGUW", "channel or user id")


def _a_tag(text: str) -> str:
    if not text.partition("=")[0]:
        raise ValueError("a tag is written Key=Value, or Key for any value")
    return text


User = Annotated[str, AfterValidator(_a_user)]
UserGroup = Annotated[str, AfterValidator(_a_user_group)]
Tag = Annotated[str, AfterValidator(_a_tag)]
"""`Key=Value`, or `Key` for any value."""
PortNumber = Annotated[int, Field(ge=0, le=65_535)]
Minutes = Annotated[int, Field(ge=1, le=10_080)]
Approvals = Annotated[int, Field(ge=1, le=10)]


class ApproverSettings(Group):
    """Who may decide, and about what: all that a fix touches must be among it. An empty list names everything."""

    users: tuple[User, ...] = ()
    groups: tuple[UserGroup, ...] = ()
    accounts: tuple[str, ...] = ()
    vpcs: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()
    risks: tuple[Risk, ...] = ()

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if not self.users and not self.groups:
            raise ValueError("fixes.approvers: a rule names nobody; it needs users or groups")
        return self


class FixSettings(Group):
    """Fixes by button."""

    mode: Annotated[Mode | None, BeforeValidator(a_word)] = None
    approvers: tuple[ApproverSettings, ...] = ()
    allow_user_groups: bool = False
    four_eyes: bool = True
    approvals: Approvals = 1
    judgement_approvals: Approvals = 2
    tag_approvals: dict[Tag, Approvals] = Field(default_factory=dict)
    admin_ports: tuple[PortNumber, ...] = (22, 23, 445, 2375, 2376, 3389, 5900, 5985, 5986, 6443, 10250)
    admin_approvals: Approvals = 2
    expire_minutes: int = Field(default=30, ge=1, le=1440)
    undo_minutes: tuple[Minutes, ...] = (60, 480, 1440)
    allow_group_sources: bool = True
    most_others: NonNegativeInt = 100
    public_prefix: int = Field(default=24, ge=1, le=32)
    public_prefix_ipv6: int = Field(default=48, ge=1, le=128)
    protected_ids: tuple[str, ...] = ()
    protected_tags: tuple[Tag, ...] = ()
    rules_per_group: int = Field(default=60, ge=1, le=1000)
    entries_per_acl: int = Field(default=20, ge=1, le=40)
    write_role_arn: str | None = None
    external_id: str | None = None
    own_credentials: bool = False
    notify: tuple[Annotated[str, AfterValidator(_somebody)], ...] = ()
    audit_channel: Annotated[str, AfterValidator(_a_channel)] | None = None

    @model_validator(mode="after")
    def _user_groups_were_allowed(self) -> Self:
        if not self.allow_user_groups and any(rule.groups for rule in self.approvers):
            raise ValueError(
                "fixes.approvers names user groups, whose members can be changed in Slack: "
                "set fixes.allow_user_groups to true if that is meant"
            )
        return self
