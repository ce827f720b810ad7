"""The rows of the schedule: a job, and below it what came of it, router by router. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.text import Text

from mktui.config.maintenance import parts
from mktui.services.timetable import ended_in_words, with_zone
from mktui.tui import words
from mktui.tui.screens.log import ago, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from mktui.monitor.snapshot import JobOutcome, JobState
    from mktui.tui.palette import Palette

FEW: Final = 6
"""So many routers of a job are shown one by one; of more, those where it was done are one row."""
GLYPHS: Final = {"failed": ("▲", "critical"), "skipped": ("◐", "warning"), "done": ("●", "healthy")}
"""Status -> glyph and the health it is drawn as, what needs somebody first."""
SHORT: Final = "%a %H:%M"


@dataclass(frozen=True, slots=True)
class Row:
    """A job; with ``outcome``, one of its routers; with ``folded``, so many where it was done."""

    job: JobState
    outcome: JobOutcome | None = None
    folded: int = 0

    @property
    def is_job(self) -> bool:
        """It is the job itself."""
        return self.outcome is None and not self.folded

    @property
    def router(self) -> str:
        """The router of the row, or the only one that the job is for; "": there is no single one."""
        if self.outcome is not None:
            return self.outcome.router
        return self.job.routers[0] if self.is_job and len(self.job.routers) == 1 else ""

    @property
    def texts(self) -> tuple[str, ...]:
        """What a filter looks into."""
        if self.is_job:
            return self.job.job, self.job.words
        if self.outcome is None:
            return self.job.job, "done"
        return self.job.job, self.outcome.router, self.outcome.status, self.outcome.text


def rows_of(jobs: Sequence[JobState], turned: Collection[str]) -> tuple[Row, ...]:
    """Return all rows; ``turned`` are jobs that are shown folded where they were not, and the other way round."""
    return tuple(row for job in jobs for row in _rows(job, is_folded=is_folded(job, turned)))


def is_folded(job: JobState, turned: Collection[str]) -> bool:
    """Say whether the routers where a job was done are one row."""
    return (job.count("done") > FEW) != (job.job in turned)


def _rows(job: JobState, *, is_folded: bool) -> Iterator[Row]:
    yield Row(job)
    for status in GLYPHS:
        of_it = sorted((each for each in job.outcomes if each.status == status), key=lambda each: each.router)
        if status == "done" and is_folded and of_it:
            yield Row(job, folded=len(of_it))
        else:
            yield from (Row(job, each) for each in of_it)


def glyph_of(job: JobState) -> tuple[str, str]:
    """Return how a job stands: a glyph, and the health it is drawn as; "": none."""
    if job.is_running:
        return "»", ""
    for status, look in GLYPHS.items():
        if job.count(status):
            return look
    return ("◐", "warning") if job.missed_at is not None else ("○", "")


def whom(job: JobState) -> str:
    """Return which routers a job is for, in a few words."""
    _, patterns = parts(job.words)
    if patterns:
        return shown(", ".join(patterns)) if job.routers else "no router"
    return f"all {words.count(len(job.routers), 'router')}"


def until(at: datetime, now: datetime) -> str:
    """Return in how long something is."""
    seconds = (at - now).total_seconds()
    return f"in {words.age(seconds)}" if seconds >= 5 else "now"


def last_of(job: JobState, now: datetime, *, is_wide: bool) -> str:
    """Return when a job was done last and how that ended, or how far it is; what is worst when there is little room."""
    if job.is_running:
        so_far, total = len(job.outcomes), len(job.routers)
        return f"{words.progress(so_far, total, 10 if is_wide else 5)} {so_far:,} of {total:,}"
    if job.last_at is None:
        return f"missed {with_zone(job.missed_at, SHORT)}" if job.missed_at is not None else "not yet"
    took = f", {took_in_words(job.seconds)}" if is_wide and job.seconds is not None else ""
    ended = ended_in_words(job)
    return f"{ago(job.last_at, now)}{took}: {ended if is_wide else ended.partition(',')[0]}"


def took_in_words(seconds: float) -> str:
    """Return how long something took: 6.2 s, 12 min."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.0f} min"


def line_of(row: Row, palette: Palette, *, unfold: str, indent: int, width: int) -> Text:
    """Return a router of a job as a whole line: its status and name in columns of these widths, and what was said.

    ``unfold``: the key that shows the routers of a line of several.
    """
    status = row.outcome.status if row.outcome is not None else "done"
    glyph, health = GLYPHS.get(status, ("–", ""))
    line = Text(no_wrap=True)
    line.append(f"   {glyph} {status}".ljust(indent), style=palette.state(health) if health else palette.quiet)
    if row.outcome is None:
        line.append(words.count(row.folded, "router").ljust(width))
        return line.append(f"{unfold} shows each", style=palette.quiet)
    line.append(words.fit(row.outcome.router, width - 1).ljust(width), style="bold")
    return line.append(said(row.outcome), style=palette.quiet if status == "done" else "")


def said(outcome: JobOutcome) -> str:
    """Return what was said of one router; its own name in front of it is left out."""
    text = shown(outcome.text)
    return text.removeprefix(f"{outcome.router} ").removeprefix(f"{outcome.router}: ")


def story(job: JobState, now: datetime, palette: Palette) -> list[Text]:
    """Return all that is known of a job, a line for each fact."""
    number = f"{words.count(len(job.routers), 'router')}: " if len(job.routers) > FEW else ""
    facts = [("for", f"{number}{', '.join(job.routers)}" or "no router of this fleet")]
    facts.append(("next", f"{until(job.next_at, now)}: {with_zone(job.next_at)}"))
    if job.last_at is not None:
        took = "" if job.seconds is None else f", took {took_in_words(job.seconds)}"
        ended = f"{len(job.outcomes):,} of {len(job.routers):,}" if job.is_running else ended_in_words(job)
        begun = f"{ago(job.last_at, now)}: {with_zone(job.last_at)}{took}"
        facts.append(("running" if job.is_running else "last", f"{begun}: {ended}"))
    if job.missed_at is not None:
        facts.append(("missed", f"{with_zone(job.missed_at)}: mktui was not there then, and it was too late after"))
    head = Text.assemble((job.job, "bold"), f"  {shown(job.words)}")
    return [head, *(Text.assemble((f"{name:<9}", palette.quiet), shown(text)) for name, text in facts)]
