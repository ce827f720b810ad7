"""Reads a configuration file. Every problem names file, key, line and what would be right; all of them are told."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import platformdirs
from pydantic import BaseModel, ValidationError

from mktui.billing.options import BillingOptions, SourceOptions
from mktui.billing.sources.zones import zone
from mktui.config.alerts import AlertConfig, AlertRules, HookConfig, WebhookConfig
from mktui.config.http import HttpConfig, TokenConfig, is_hashed
from mktui.config.lines import LineFinder
from mktui.config.maintenance import MaintenanceOptions
from mktui.config.model import Config, RouterConfig, UiConfig
from mktui.config.serve import ServeConfig
from mktui.core.pool.options import PoolOptions
from mktui.errors import BillingError, ConfigError
from mktui.monitor.options import MonitorOptions
from mktui.sync.options import Limits, SyncOptions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pydantic_core import ErrorDetails

Loc = tuple[str | int, ...]

_MODELS: Final[dict[str, type[BaseModel]]] = {
    "pool": PoolOptions, "routers": RouterConfig, "ui": UiConfig, "billing": BillingOptions, "sources": SourceOptions,
    "sync": SyncOptions, "limits": Limits, "monitor": MonitorOptions,
    "maintenance": MaintenanceOptions, "http": HttpConfig, "tokens": TokenConfig, "serve": ServeConfig,
    "alerts": AlertConfig, "rules": AlertRules, "webhooks": WebhookConfig, "hooks": HookConfig,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A configuration, where it came from, and what an operator should know about it."""

    config: Config
    file: Path
    warnings: tuple[str, ...]


def default_path() -> Path:
    """Return where the configuration is looked for."""
    return Path(platformdirs.user_config_dir("mktui")) / "config.toml"


def load(path: Path) -> LoadedConfig:
    """Read and check a configuration file.

    Raises:
        ConfigError: It cannot be read, or something in it is wrong; ``others`` holds the further problems.
    """
    return check_text(read(path), path)


def socket_in(path: Path) -> str:
    """Return the ``[serve] socket`` of a file, "" when it has none, whatever else is wrong with the file.

    Who attaches may do so to mend it, and who has none may know where another one runs.
    """
    try:
        section = parse(read(path), path).get("serve")
        return ServeConfig.model_validate(section).socket if section is not None else ""
    except (ConfigError, ValidationError):
        return ""


def check_text(text: str, path: Path) -> LoadedConfig:
    """Check a text as if it stood in a file.

    Raises:
        ConfigError: Something in it is wrong; ``others`` holds the further problems.
    """
    raw = parse(text, path)
    config, problems = _checked(raw, path, LineFinder(text))
    if config is None or problems:
        first, *others = problems
        first.others = tuple(others)
        raise first
    return LoadedConfig(config, path, tuple(_worth_a_word(config, path)))


def _worth_a_word(config: Config, path: Path) -> Iterator[str]:
    """Yield what is right, and could be better."""
    better = f'stands in {path}: better {{ env = "NAME" }} or {{ file = }}'
    if plain := [router.name for router in config.routers if router.password.is_plain]:
        yield f"the password of {', '.join(plain)} {better}"
    if plain := [each.name for each in config.http.tokens if each.token.is_plain and not is_hashed(each.token)]:
        yield f"the token of {', '.join(plain)} {better}, or its digest"
    if plain := [each.name for each in config.alerts.webhooks if each.token.is_plain]:
        yield f"the token of {', '.join(plain)} {better}"


def problems_of(raw: dict[str, Any], path: Path | None = None) -> tuple[ConfigError, ...]:  # Any: TOML
    """Return what is wrong with a configuration that is being edited, each with its key; lines it has none yet."""
    return tuple(_checked(raw, path, None)[1])


def parse(text: str, path: Path) -> dict[str, Any]:  # Any: TOML
    """Read TOML.

    Raises:
        ConfigError: It is none.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken_toml(path, text, error) from None


def _checked(
    raw: dict[str, Any],  # Any: TOML
    path: Path | None,
    lines: LineFinder | None,
) -> tuple[Config | None, list[ConfigError]]:
    problems = _Problems(path, raw, lines)
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        problems.add(error)
        return None, problems.found
    problems.check_routers(config)
    problems.check_tokens(config)
    problems.check_receivers(config)
    return config, problems.found


def read(path: Path) -> str:
    """Read a file.

    Raises:
        ConfigError: It cannot be read.
    """
    remedy = "mktui init makes one; mktui config path says where it is looked for"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError("there is no such file", file=path, remedy=remedy) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"not UTF-8 text (byte {error.start})", file=path) from None
    except OSError as error:
        raise ConfigError((error.strerror or "cannot be read").lower(), file=path) from None


def _broken_toml(path: Path, text: str, error: tomllib.TOMLDecodeError) -> ConfigError:
    problem, _, position = str(error).partition(" (at line ")
    line = position.partition(",")[0]
    at_end = text.count("\n") + 1
    return ConfigError(f"no TOML: {problem}", file=path, line=int(line) if line.isdecimal() else at_end)


class _Problems:
    """Collects what is wrong with one file."""

    def __init__(self, path: Path | None, raw: dict[str, Any], lines: LineFinder | None) -> None:  # Any: TOML
        self.found: list[ConfigError] = []
        self._path = path
        self._raw = raw
        self._lines = lines

    def add(self, error: ValidationError, prefix: Loc = ()) -> None:
        """Take pydantic's list."""
        for details in error.errors(include_url=False):
            loc = (*prefix, *details["loc"])
            self._add(loc, *_in_words(details, loc))

    def check_routers(self, config: Config) -> None:
        """Check what is between routers: names, and pool settings on top of ``[pool]``."""
        seen: dict[str, int] = {}
        for index, router in enumerate(config.routers):
            if router.name in seen:
                self._add(
                    ("routers", index, "name"), f"{router.name!r} is the name of router {seen[router.name] + 1} too"
                )
            seen.setdefault(router.name, index)
            try:
                config.pool_for(router)
            except ValidationError as error:
                self.add(error, ("routers", index, "pool"))
        self._check_maintenance(config, seen)

    def _check_maintenance(self, config: Config, known: Collection[str]) -> None:
        """Check that maintenance is of routers that there are, and its clock one that there is."""
        schedules = config.maintenance.schedules
        for job, schedule in schedules.items():
            for name in schedule.unknown(known):
                remedy = f"there are: {', '.join(known) or 'none'}"
                self._add(("maintenance", job.replace(" ", "_")), f"no router is called {name!r}", remedy)
        if schedules:
            try:
                zone(config.billing.timezone)
            except BillingError as error:
                self._add(("billing", "timezone"), f"{error}", "[maintenance] goes by this clock")

    def check_tokens(self, config: Config) -> None:
        """Check that the audit can tell one from the other."""
        given = [each.name for each in config.http.tokens]
        for index, name in enumerate(given):
            if name in given[:index]:
                self._add(("http", "tokens", index, "name"), f"{name!r} is the name of another token too")

    def check_receivers(self, config: Config) -> None:
        """Check that each receiver of alerts has a name of its own."""
        seen: set[str] = set()
        for path, names in (
            ("webhooks", [each.name for each in config.alerts.webhooks]),
            ("hooks", [each.name for each in config.alerts.hooks]),
        ):
            for index, name in enumerate(names):
                if name in seen:
                    self._add(("alerts", path, index, "name"), f"{name!r} is the name of another receiver too")
                seen.add(name)

    def _add(self, loc: Loc, problem: str, remedy: str = "") -> None:
        line = self._lines.line_of(loc) if self._lines is not None else None
        self.found.append(ConfigError(problem, file=self._path, key=self._key(loc), line=line, remedy=remedy))

    def _key(self, loc: Loc) -> str:
        """Return a key as people write it; routers and sources by their names."""
        from mktui.config.settings import LISTS, names  # noqa: PLC0415 - only a problem needs them

        parts: list[str] = []
        for depth, part in enumerate(loc):
            if isinstance(part, str):
                parts.append(part)
            elif loc[:depth] in LISTS:
                parts.append(names(self._raw, tuple(parts))[part])
        return ".".join(parts)


def _in_words(details: ErrorDetails, loc: Loc) -> tuple[str, str]:
    """Return problem and remedy. A value is shown unless it may be secret."""
    kind = details["type"]
    if kind == "missing":
        return "is missing", "it must be given"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(loc[-1]), _known_keys(loc), n=1)
        return "is not known", f"did you mean {near[0]}?" if near else "remove it, or see the sample configurations"
    message = details["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if kind == "value_error" or not _SECRET_KEYS.isdisjoint(loc):
        return message, ""
    return f"{message}, not {details['input']!r}", ""


_SECRET_KEYS: Final = frozenset({"password", "database", "url", "token"})
"""Settings whose values are shown nowhere."""


def _known_keys(loc: Loc) -> list[str]:
    if len(loc) == 1:
        return list(Config.model_fields)
    section = next((str(part) for part in reversed(loc[:-1]) if part in _MODELS), "")
    return list(_MODELS[section].model_fields) if section in _MODELS else []
