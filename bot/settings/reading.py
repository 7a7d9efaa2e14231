"""Reads the settings: the environment before a `.env` file, that before a YAML file, and nothing is passed over."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

from bot.settings.unknown import PREFIX, unknown_in_environment, unknown_in_file
from bot.settings.values import Settings

FILE = Path("whynot.yaml")
"""Read where it exists and nothing else is named."""


class BadSettings(Exception):
    """Whoever runs the program must act: what is wrong, one line each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = tuple(lines)


class _FromEnvironment(BaseSettings, Settings):
    """Only says to pydantic-settings which variables there are; the values are those of Settings."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="ignore", frozen=True)


def read_settings(file: Path | None = None, over: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings; `over` is what the command line says, group by group.

    `file` is a YAML file; where it is None, WHYNOT_CONFIG names one, else `whynot.yaml` is read if it is there.
    Raises BadSettings, naming everything that is wrong at once.
    """
    named = file or (Path(os.environ["WHYNOT_CONFIG"]) if os.environ.get("WHYNOT_CONFIG") else None)
    from_file = _yaml(named or FILE) if named or FILE.exists() else {}
    dotenv = DotEnvSettingsSource(_FromEnvironment, env_file=".env")
    wrong = [*unknown_in_file(from_file), *unknown_in_environment({*os.environ, *_spelt(dotenv)})]
    try:
        environment = EnvSettingsSource(_FromEnvironment)()
        from_dotenv = dotenv()
    except ValueError as error:
        hint = 'lists and groups are written as JSON, for example ["eu-west-1"]'
        raise BadSettings([*wrong, f"{error}: {hint}"]) from None
    together: dict[str, Any] = {}
    for source in (from_file, _known(from_dotenv), _known(environment), over or {}):
        together = _laid_over(together, source)
    if wrong:
        raise BadSettings(wrong)
    try:
        return Settings.model_validate(together)
    except ValidationError as error:
        raise BadSettings([_line(dict(e)) for e in error.errors(include_url=False, include_input=False)]) from None


def _yaml(file: Path) -> dict[str, Any]:
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadSettings([f"{file}: {error.strerror or error}"]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark is not None else ""
        raise BadSettings([f"{file}{where}: this is no YAML ({getattr(error, 'problem', None) or error})"]) from None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadSettings([f"{file}: a settings file holds groups such as `slack:`; see whynot.example.yaml"])
    return {str(name): value for name, value in given.items() if value is not None}


def _spelt(dotenv: DotEnvSettingsSource) -> list[str]:
    return [name.upper() for name in dotenv.env_vars if name.upper().startswith(PREFIX)]


def _known(found: Mapping[str, Any]) -> dict[str, Any]:
    """What an environment holds of the settings; channel ids are upper case again, which it folds."""
    known = {name: value for name, value in found.items() if name in Settings.model_fields}
    if isinstance(known.get("channels"), dict):
        known["channels"] = {str(key).upper(): value for key, value in known["channels"].items()}
    return known


def _laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One set of settings over another, group by group."""
    result = dict(under)
    for name, value in over.items():
        below = result.get(name)
        groups = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[name] = _laid_over(result[name], value) if groups else value
    return result


def _line(error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    said = str(error["msg"]).removeprefix("Value error, ")
    return said if not where or said.startswith(f"{where.split('.')[0]}.") else f"{where}: {said}"
