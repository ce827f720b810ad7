"""``mktui doctor``: why a router is in trouble, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio
import click

from mktui.cli.exit_codes import ExitCode
from mktui.cli.looking import looking
from mktui.cli.options import FiniteRange, json_option, loaded_config, routers_argument
from mktui.cli.output import echo, print_json, styled
from mktui.cli.records import diagnosis_record
from mktui.core.pool.health import HealthStatus
from mktui.monitor.diagnosis import diagnose

if TYPE_CHECKING:
    from mktui.config.load import LoadedConfig
    from mktui.monitor.records import Diagnosis
    from mktui.monitor.snapshot import RouterSnapshot, Snapshot

_MARKS: Final = {"critical": ("▲", "red"), "warning": ("◐", "yellow"), "notice": ("·", None)}
_EPILOG = """\b
Examples:
  mktui doctor                    every router, watched for three seconds
  mktui doctor edge-1 --for 30    one, for longer: more is seen
  mktui doctor --json             for a script

Exit code: 0 nothing found, 1 something found, 3 a router cannot be reached.
"""


@click.command(epilog=_EPILOG)
@routers_argument
@click.option(
    "--for", "seconds", type=FiniteRange(0, 3600), default=3.0, show_default=True, help="Seconds to watch them."
)
@json_option
@click.pass_context
def doctor(context: click.Context, *, routers: tuple[str, ...], seconds: float, as_json: bool) -> None:
    """Say what is wrong: symptom, figures, cause, what to do. Changes nothing.

    The mktui that runs is asked; without one, the routers are watched for a few seconds.
    """
    snapshot = anyio.run(_watch, loaded_config(context), routers, seconds)
    found = [(router, diagnose(router, snapshot.at)) for router in snapshot.routers]
    if as_json:
        told = [
            {
                "name": router.name,
                "health": router.health.status.value,
                "diagnoses": [diagnosis_record(each) for each in diagnoses],
            }
            for router, diagnoses in found
        ]
        print_json("mktui.doctor/1", routers=told)
    else:
        for at, (router, diagnoses) in enumerate(found):
            for line in ([""] if at else []) + _told(router, diagnoses):
                echo(line)
    context.exit(_code(found))


async def _watch(loaded: LoadedConfig, names: tuple[str, ...], seconds: float) -> Snapshot:
    async with looking(loaded, names) as look:
        if not look.is_live:
            await anyio.sleep(seconds)
        return await look.now()


def _told(router: RouterSnapshot, found: tuple[Diagnosis, ...]) -> list[str]:
    name = styled(router.name, bold=True)
    if not found:
        return [name + "  nothing found"]
    return [name + f"  {router.address}", *(line for each in found for line in _one(each))]


def _one(each: Diagnosis) -> list[str]:
    glyph, colour = _MARKS[each.severity.value]
    head = styled(f"  {glyph} {each.severity.value}: {each.symptom}", fg=colour)
    evidence = [f"      {line}" for line in each.evidence]
    return [head, *evidence, f"    why   {each.cause}", f"    do    {each.remedy}"]


def _code(found: list[tuple[RouterSnapshot, tuple[Diagnosis, ...]]]) -> int:
    if any(router.health.status is HealthStatus.OFFLINE for router, _ in found):
        return ExitCode.UNREACHABLE
    return ExitCode.NO if any(diagnoses for _, diagnoses in found) else ExitCode.DONE
