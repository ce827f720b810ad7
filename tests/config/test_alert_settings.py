"""What ``[alerts]`` can say: times in plain words, addresses that are addresses, and nothing secret in a refusal."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Final

import pytest

from mktui.config.alerts import AlertConfig, AlertRules, Timing, parse
from mktui.config.draft import Edit, applied
from mktui.config.edit import edited
from mktui.config.load import check_text, load, problems_of
from mktui.config.settings import HIDDEN, find, in_words, sections, value_of
from mktui.errors import ConfigError
from mktui.monitor.alert_rules import RULES

FILE: Final = Path("config.toml")
MINUTE: Final = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("words", "timing"),
    [
        ("2 min", Timing(2 * MINUTE)), ("at once", Timing(0 * MINUTE)), ("OFF", None), ("90s", Timing(1.5 * MINUTE)),
        ("1.5 h, repeat 30 min", Timing(90 * MINUTE, 30 * MINUTE)),
        ("at once, repeat never", Timing(0 * MINUTE, dt.timedelta(days=36500))),
    ],
)  # fmt: skip
def test_a_rule_says_its_time_in_plain_words(words: str, timing: Timing | None) -> None:
    assert parse(words) == timing


@pytest.mark.parametrize(
    "words", ["", "soon", "-1 min", "2", "2 min repeat 1 h", "2 min,", "off, repeat 1 h", "1e9 h", "2 min, repeat 0 s",
              "2 min, repeat at once", "nan s", "721 h"],
)  # fmt: skip
def test_words_that_are_no_time_are_refused_with_an_example(words: str) -> None:
    with pytest.raises(ConfigError, match=r"alerts\.rules\.router_down.*no time: 2 min, at once, or off"):
        check_text(f'[alerts.rules]\nrouter_down = "{words}"\n', FILE)


def test_there_is_a_setting_for_each_rule_and_no_other() -> None:
    assert list(AlertRules.model_fields) == [rule.name for rule in RULES]
    assert set(AlertRules().timings) == {rule.name for rule in RULES}


@pytest.mark.parametrize(
    "url", ["ftp://u:hush@h/", "https://", "https://u:hush@/x", "http://h:0/hush", "http://h:99999/hush", "hush",
            "http://h/hu sh", "http://[::1/hush", "http://h/hush\\n", "https://hüsh.example/"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_text(f'[[alerts.webhooks]]\nname = "noc"\nurl = "{url}"\n', FILE)
    told = " ".join(map(str, (refused.value, *refused.value.others)))
    assert "alerts.webhooks.noc.url" in told
    assert "hush" not in told


def test_neither_token_nor_address_is_in_a_repr() -> None:
    text = '[[alerts.webhooks]]\nname = "noc"\nurl = "https://u:hush@h/hush"\ntoken = "hush"\n'
    loaded = check_text(text, FILE)
    assert "hush" not in repr(loaded)
    assert loaded.warnings == ('the token of noc stands in config.toml: better { env = "NAME" } or { file = }',)


def test_receivers_have_names_of_their_own_and_a_program_has_words() -> None:
    webhook = '[[alerts.webhooks]]\nname = "noc"\nurl = "http://h/"\n'
    with pytest.raises(ConfigError, match=r"alerts\.hooks\.noc\.name.*'noc' is the name of another receiver too"):
        check_text(webhook + '[[alerts.hooks]]\nname = "noc"\ncommand = ["true"]\n', FILE)
    for command in ("[]", '[""]', '["x", "\\u0000"]', '"true"', "[1]"):
        with pytest.raises(ConfigError, match=r"alerts\.hooks\.noc\.command"):
            check_text(f'[[alerts.hooks]]\nname = "noc"\ncommand = {command}\n', FILE)


def test_the_sample_is_right() -> None:
    config: AlertConfig = load(Path("sample_configs/alerts.toml")).config.alerts
    assert [each.name for each in config.receivers] == ["noc", "chat", "telegram"]
    assert "password_unverifiable" not in config.rules.timings


RECEIVERS: Final = (
    '[[alerts.webhooks]]\nname = "noc"\nurl = "https://h/hush"\ntoken = "hush"\n'
    '[[alerts.hooks]]\nname = "sms"\ncommand = ["true"]\n'
)


def test_receivers_are_pages_of_the_form_and_their_secrets_are_shown_nowhere() -> None:
    raw = tomllib.loads(RECEIVERS)
    found = {section.key: section for section in sections(raw)}
    webhook, hook = found["alerts", "webhooks", "noc"], found["alerts", "hooks", "sms"]
    shown = {setting.name: in_words(setting, value_of(raw, setting.key)) for setting in webhook.settings}
    assert shown == {"name": "noc", "url": HIDDEN, "token": HIDDEN, "token_header": "", "ca_file": "", "timeout": ""}
    assert [setting.name for setting in hook.settings] == ["name", "command", "timeout"]
    assert find({}, "alerts.webhooks.my.noc.timeout") is not None


def test_a_receivers_setting_is_set_by_its_name_and_the_rest_of_the_file_stays() -> None:
    key = ("alerts", "webhooks", "noc", "timeout")
    changed = edited(f"# who is told\n{RECEIVERS}", [Edit(key, 5.0)])
    assert changed.startswith("# who is told\n")
    assert check_text(changed, FILE).config.alerts.webhooks[0].timeout == 5.0
    assert problems_of(applied(tomllib.loads(RECEIVERS), [Edit(key, 0.0)]))[0].key == "alerts.webhooks.noc.timeout"
