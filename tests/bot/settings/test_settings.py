"""Where settings come from, and that nothing in them is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings.fixes import ApproverSettings
from bot.settings.reading import BadSettings, read_settings
from bot.settings.unknown import setting_names, variable_of
from bot.settings.values import ChannelSettings, host_and_port
from tests.house.source_tree import ROOT

CHANNEL = "C0AAAAAA1"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def wrong(file: Path | None = None) -> str:
    with pytest.raises(BadSettings) as caught:
        read_settings(file)
    return "\n".join(caught.value.lines)


def test_without_a_word_said_the_defaults_hold() -> None:
    settings = read_settings()

    assert settings.slack.transport == "socket"
    assert settings.channels == {}
    assert settings.direct_messages is None
    assert not settings.people.guests


def test_the_environment_goes_before_dotenv_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "whynot.yaml").write_text(
        f"runner: {{workers: 1, waiting: 1, seconds: 1}}\nchannels: {{{CHANNEL}: {{vpcs: [vpc-0a1]}}}}\n"
    )
    (tmp_path / ".env").write_text("WHYNOT_RUNNER__WAITING=2\nWHYNOT_RUNNER__SECONDS=2\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("WHYNOT_RUNNER__SECONDS", "3")

    settings = read_settings()

    assert (settings.runner.workers, settings.runner.waiting, settings.runner.seconds) == (1, 2, 3)
    assert settings.channels[CHANNEL] == ChannelSettings(vpcs=("vpc-0a1",))


def test_the_command_line_goes_before_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYNOT_ACCOUNT__SNAPSHOT", "a")
    monkeypatch.setenv("WHYNOT_ACCOUNT__REGIONS", '["eu-west-1"]')

    account = read_settings(over={"account": {"snapshot": "b"}}).account

    assert (account.snapshot, account.regions) == (Path("b"), ("eu-west-1",))


def test_a_channel_can_be_set_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"WHYNOT_CHANNELS__{CHANNEL}__FILES", "true")

    assert read_settings().channels == {CHANNEL: ChannelSettings(files=True)}


def test_a_misspelt_variable_is_an_error_that_names_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHYNOT_SLAKC__APP_TOKEN", "xapp-1")
    assert wrong() == "WHYNOT_SLAKC__APP_TOKEN is no setting. Did you mean WHYNOT_SLACK__APP_TOKEN?"

    monkeypatch.delenv("WHYNOT_SLAKC__APP_TOKEN")
    (tmp_path / ".env").write_text("WHYNOT_STORE__KEEPDAYS=3\n")
    assert wrong() == "WHYNOT_STORE__KEEPDAYS is no setting. Did you mean WHYNOT_STORE__KEEP_DAYS?"


def test_every_misspelt_name_in_a_file_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "whynot.yaml").write_text(
        f"slack: {{bot_tokn: xoxb-1}}\nchanels: {{}}\nchannels: {{{CHANNEL}: {{vpc: [vpc-1]}}}}\n"
    )

    assert wrong().splitlines() == [
        "slack.bot_tokn is no setting. Did you mean slack.bot_token?",
        "chanels is no setting. Did you mean channels?",
        f"channels.{CHANNEL}.vpc is no setting. Did you mean channels.{CHANNEL}.vpcs?",
    ]


@pytest.mark.parametrize(
    ("yaml", "says"),
    [
        ("slack: {bot_token: xapp-1-secret}", "are swapped"),
        ("slack: {app_token: xoxb-1-secret}", "are swapped"),
        ("slack: {bot_token: xoxp-1-secret}", "slack.bot_token must begin with xoxb-"),
        ("channels: {general: {}}", "general is no channel id"),
        ("health: {address: localhost}", "write it like 127.0.0.1:8080"),
        ("runner: {workers: many}", "runner.workers: "),
        ("runner: 5", "runner: "),
        ("- a\n- b", "a settings file holds groups"),
        ("slack: {bot_token: [", "this is no YAML"),
    ],
)
def test_a_wrong_value_says_which_setting_and_what_would_be_right(tmp_path: Path, yaml: str, says: str) -> None:
    (tmp_path / "whynot.yaml").write_text(yaml)

    said = wrong()

    assert says in said
    assert "secret" not in said


def test_a_file_that_is_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No such file" in wrong(tmp_path / "none.yaml")

    monkeypatch.setenv("WHYNOT_CONFIG", "elsewhere.yaml")
    assert "elsewhere.yaml" in wrong()


def test_tokens_are_never_shown() -> None:
    settings = read_settings(over={"slack": {"bot_token": "xoxb-hidden", "signing_secret": "hidden"}})

    assert "hidden" not in repr(settings)
    assert "hidden" not in settings.model_dump_json()


def test_the_example_file_is_read_as_it_stands_and_names_every_setting() -> None:
    example = ROOT / "whynot.example.yaml"
    text = example.read_text(encoding="utf-8")

    read_settings(example)

    assert [name for name in setting_names() if f"{name.rsplit('.', 1)[-1]}:" not in text] == []


def test_every_setting_has_its_entry_in_the_documents() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    entries = [line.removeprefix("### `").rstrip("`") for line in text.splitlines() if line.startswith("### `")]

    # Direct messages have the settings of a channel.
    assert entries == [name for name in setting_names() if not name.startswith("direct_messages.")]
    assert [name for name in entries if f"`{variable_of(name)}`" not in text and "<channel>" not in name] == []


def test_an_address_may_be_ipv6() -> None:
    assert host_and_port("[::1]:8080") == ("::1", 8080)


def test_fixes_are_off_for_a_live_account_and_can_be_tried_on_a_folder() -> None:
    assert read_settings().fix_mode == "off"
    assert read_settings(over={"account": {"snapshot": "a"}}).fix_mode == "approve"
    assert read_settings(over={"account": {"snapshot": "a"}, "fixes": {"mode": "off"}}).fix_mode == "off"
    assert read_settings(over={"fixes": {"mode": "notify"}}).fix_mode == "notify"
    assert read_settings(over={"account": {"snapshot": "a"}}).fixes.approvers == ()


def test_a_bare_off_in_a_settings_file_means_off(tmp_path: Path) -> None:
    (tmp_path / "whynot.yaml").write_text("account: {snapshot: a}\nfixes: {mode: off}")

    assert read_settings().fix_mode == "off"


def test_what_the_command_line_reads_from_the_environment_is_no_misspelt_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WHYNOT_ATHENA_WORKGROUP", "audit")
    monkeypatch.setenv("WHYNOT_ATHENA_OUTPUT", "s3://results/")

    assert read_settings().channels == {}


def test_approvers_can_be_set_in_the_environment_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYNOT_FIXES__APPROVERS", '[{"users": ["U1"], "tags": ["team=payments", "env"]}]')
    monkeypatch.setenv("WHYNOT_FIXES__TAG_APPROVALS", '{"Env=prod": 2}')

    fixes = read_settings().fixes

    assert fixes.approvers == (ApproverSettings(users=("U1",), tags=("team=payments", "env")),)
    assert fixes.tag_approvals == {"Env=prod": 2}


@pytest.mark.parametrize(
    ("fixes", "says"),
    [
        ("approvers: [{users: [alice]}]", "alice is no user id: it begins with U or W"),
        ("approvers: [{users: [S1], accounts: []}]", "S1 is no user id"),
        ("approvers: [{groups: [U1]}]", "U1 is no user group id: it begins with S"),
        ("approvers: [{groups: [S1]}]", "set fixes.allow_user_groups to true if that is meant"),
        ("approvers: [{accounts: ['1']}]", "a rule names nobody"),
        ("approvers: [{users: [U1], vpc: [vpc-1]}]", "fixes.approvers.0.vpc: "),
        ("approvers: [{users: [U1], tags: ['=prod']}]", "a tag is written Key=Value"),
        ("approvers: [{users: [U1], risks: [high]}]", "fixes.approvers.0.risks"),
        ("approvals: 0", "fixes.approvals: "),
        ("expire_minutes: 1441", "fixes.expire_minutes: "),
        ("public_prefix: 0", "fixes.public_prefix: "),
        ("admin_ports: [70000]", "fixes.admin_ports"),
        ("audit_channel: U1", "U1 is no channel id"),
        ("notify: [everybody]", "everybody is no channel or user id"),
        ("mode: always", "fixes.mode: "),
        ("aprovers: []", "fixes.aprovers is no setting. Did you mean fixes.approvers?"),
    ],
)
def test_a_wrong_setting_of_fixes_is_named_and_never_taken_for_a_wider_one(
    tmp_path: Path, fixes: str, says: str
) -> None:
    (tmp_path / "whynot.yaml").write_text(f"fixes: {{{fixes}}}")

    assert says in wrong()
