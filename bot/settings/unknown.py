"""Names that are no setting: in a file or in the environment, with the setting that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from rapidfuzz import fuzz, process

from bot.settings.values import Settings

PREFIX = "WHYNOT_"
OTHERS = frozenset({"WHYNOT_ATHENA_OUTPUT", "WHYNOT_ATHENA_WORKGROUP", "WHYNOT_CONFIG", "WHYNOT_DEBUG"})
"""Environment variables of ours that are no settings."""
ANY = "<channel>"


def setting_names(model: type[BaseModel] = Settings, above: str = "") -> tuple[str, ...]:
    """Every setting with dots, `slack.bot_token`; `channels.<channel>.vpcs` for those that exist for each channel."""
    return tuple(_names(model, above))


def _names(model: type[BaseModel], above: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner, keyed = _model_of(field.annotation)
        path = f"{above}{name}"
        if inner is None:
            yield path
        else:
            yield from _names(inner, f"{path}.{ANY}." if keyed else f"{path}.")


def _model_of(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The group of settings that a field holds, and whether it holds one for each key."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    if getattr(annotation, "__origin__", None) is tuple:
        return None, False  # a list is one setting, whatever its members are
    inner = next((a for a in get_args(annotation) if isinstance(a, type) and issubclass(a, BaseModel)), None)
    return inner, getattr(annotation, "__origin__", None) is dict


def variable_of(setting: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + setting.upper().replace(".", "__")


def unknown_in_environment(names: Iterable[str]) -> Iterator[str]:
    """A line for each variable that begins with WHYNOT_ and is none."""
    known = setting_names()
    variables = {variable_of(name) for name in known}
    groups = {variable_of(name.split(".")[0]) for name in known if "." in name}
    for name in sorted(names):
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper in variables | groups | OTHERS:
            continue
        if upper.startswith(f"{PREFIX}CHANNELS__") and f"channels.{ANY}.{upper.split('__')[-1].lower()}" in known:
            continue
        yield f"{name} is no setting.{_meant(upper, sorted(variables))}"


def unknown_in_file(given: Mapping[str, Any]) -> Iterator[str]:
    """A line for each name in a settings file that is no setting."""
    yield from _unknown_within(given, Settings, "")


def _unknown_within(given: Mapping[str, Any], model: type[BaseModel], above: str) -> Iterator[str]:
    for name, value in given.items():
        path = f"{above}{name}"
        field = model.model_fields.get(str(name))
        if field is None:
            near = [f"{above}{known}" for known in model.model_fields]
            yield f"{path} is no setting.{_meant(path, [*near, *setting_names()])}"
            continue
        inner, keyed = _model_of(field.annotation)
        if inner is None or not isinstance(value, Mapping):
            continue
        if not keyed:
            yield from _unknown_within(value, inner, f"{path}.")
            continue
        for key, part in value.items():
            if isinstance(part, Mapping):
                yield from _unknown_within(part, inner, f"{path}.{key}.")


def _meant(name: str, known: list[str]) -> str:
    best = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=60)
    return f" Did you mean {best[0]}?" if best else " docs/settings.md lists them all."
