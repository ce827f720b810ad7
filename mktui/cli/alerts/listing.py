"""``mktui alerts list``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import click

from mktui import clock
from mktui.cli.exit_codes import ExitCode
from mktui.cli.options import json_option, loaded_config
from mktui.cli.output import cell, echo, print_json, print_table, say, styled
from mktui.cli.running import running
from mktui.monitor.recording import PICTURES
from mktui.monitor.snapshot import AlertsState
from mktui.services.alerts.keeping import AlertFile, file_of
from mktui.services.alerts.kept import as_kept, silenced

if TYPE_CHECKING:
    import datetime as dt

    from mktui.config.load import LoadedConfig
    from mktui.monitor.silences import Silence
    from mktui.monitor.snapshot import ReceiverState, SeenAlert, Snapshot

_EPILOG = """\b
Examples:
  mktui alerts list
  mktui alerts list --fail -q            for a script: does something fire that is not silenced?
  mktui alerts list --json

As the mktui that runs sees it; when none does, as it was kept last.

Exit code: 0 done; with --fail: 1 something fires that is not silenced.
"""
_GLYPHS = {"firing": "▲", "pending": "◐", "ending": "◐", "silenced": "–"}
_COLOURS = {"firing": "red", "pending": "yellow", "ending": "yellow", "silenced": "bright_black"}
_LONG = 70


@click.command("list", epilog=_EPILOG)
@click.option("--fail", is_flag=True, help="Exit code 1 when something fires that is not silenced.")
@json_option
@click.pass_context
def listing(context: click.Context, *, fail: bool, as_json: bool) -> None:
    """What is wrong, what is silenced, and how the receivers stand."""
    state, is_live = anyio.run(_look, loaded_config(context))
    if as_json:
        print_json("mktui.alerts/1", **_record(state), is_live=is_live)
    else:
        if not is_live:
            say("nobody serves here: this is as it was kept last")
        _show(state)
    context.exit(ExitCode.NO if fail and state.firing else ExitCode.DONE)


async def _look(loaded: LoadedConfig) -> tuple[AlertsState, bool]:
    async with running(loaded) as link:
        if link is not None:
            snapshot: Snapshot = PICTURES.record(await link.ask("snapshot"))
            if snapshot.alerts is None:
                return AlertsState(problem="nobody looks for alerts: alerts.enabled is false"), True
            silences = await anyio.to_thread.run_sync(AlertFile(file_of(loaded.file)).silences)
            return silenced(snapshot.alerts, silences, clock.utc_now()), True
    from mktui.services.alerts.plan import plan_of  # noqa: PLC0415 - who is asked knows it better

    return await anyio.to_thread.run_sync(as_kept, plan_of(loaded), clock.utc_now()), False


def _show(state: AlertsState) -> None:
    if state.problem:
        echo(f"mktui: {state.problem}", err=True)
    if state.alerts:
        print_table(("STATE", "RULE", "ROUTER", "SINCE", "WHAT"), map(_alert, state.alerts))
    else:
        echo("nothing is wrong, as far as the rules see")
    if state.silences:
        echo()
        print_table(("SILENCE", "RULE", "ROUTER", "UNTIL", "WHO", "WHY"), map(_silence, state.silences))
    if state.receivers:
        echo()
        print_table(("RECEIVER", "KIND", "TOLD", "WAITING", "LEFT OUT", "STATE"), map(_receiver, state.receivers))


def _alert(alert: SeenAlert) -> tuple[str, ...]:
    word = styled(f"{_GLYPHS[alert.state]} {alert.state}", fg=_COLOURS[alert.state])
    what = "; ".join(part for part in (alert.summary, alert.description) if part)
    return word, alert.rule, cell(alert.router), _at(alert.since), cell(what, widest=_LONG)


def _silence(silence: Silence) -> tuple[str, ...]:
    return (
        silence.id or "–", silence.rule or "any", cell(silence.router or "any"), _at(silence.ends_at),
        cell(silence.who or "–"), cell(silence.why or "–", widest=_LONG),
    )  # fmt: skip


def _receiver(receiver: ReceiverState) -> tuple[str, ...]:
    well = f"told {_at(receiver.told_at)}" if receiver.told_at is not None else "–"
    return (
        cell(receiver.name), receiver.kind, f"{receiver.told:,}", f"{receiver.waiting:,}", f"{receiver.left_out:,}",
        cell(f"▲ {receiver.problem}" if receiver.problem else well, widest=_LONG),
    )  # fmt: skip


def _at(at: dt.datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


def _record(state: AlertsState) -> dict[str, Any]:  # Any: JSON
    return {
        "problem": state.problem,
        "alerts": [
            {"state": each.state, "rule": each.rule, "router": each.router, "severity": each.severity,
             "since": each.since.isoformat(), "fired_at": _text(each.fired_at), "told_at": _text(each.told_at),
             "silenced_until": _text(each.silenced_until), "summary": each.summary, "description": each.description}
            for each in state.alerts
        ],
        "silences": [silence_record(each) for each in state.silences],
        "receivers": [
            {"name": each.name, "kind": each.kind, "told": each.told, "waiting": each.waiting,
             "left_out": each.left_out, "told_at": _text(each.told_at), "failures": each.failures,
             "problem": each.problem, "next_at": _text(each.next_at)}
            for each in state.receivers
        ],
    }  # fmt: skip


def silence_record(silence: Silence) -> dict[str, Any]:  # Any: JSON
    """Return a silence for programs."""
    return {
        "id": silence.id, "rule": silence.rule, "router": silence.router, "ends_at": silence.ends_at.isoformat(),
        "begun_at": _text(silence.begun_at), "who": silence.who, "why": silence.why,
    }  # fmt: skip


def _text(at: dt.datetime | None) -> str | None:
    return None if at is None else at.isoformat()
