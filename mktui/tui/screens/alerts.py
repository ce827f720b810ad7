"""Screen 7: what is worth waking somebody for, what is silenced, and how those stand who are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from mktui.monitor.snapshot import AlertsState
from mktui.tui import words
from mktui.tui.actions import Place
from mktui.tui.screens.log import WIDE, LogScreen, ago, shown, when
from mktui.tui.screens.modals import Confirm
from mktui.tui.silencing import Silencing
from mktui.tui.widgets.live_table import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
    from datetime import datetime

    from mktui.monitor.silences import Silence
    from mktui.monitor.snapshot import ReceiverState, SeenAlert, Snapshot
    from mktui.tui.keymap import Keymap
    from mktui.tui.palette import Palette
    from mktui.tui.silencing import Wish

GLYPHS: Final[dict[str, str]] = {"firing": "▲", "ending": "◐", "pending": "◐", "silenced": "–"}
"""State -> glyph, what needs somebody first."""
COLUMNS: Final = (
    Column("state", " STATE", 12),
    Column("rule", "RULE", 22),
    Column("router", "ROUTER", 17),
    Column("since", "SINCE", 9),
    Column("severity", "SEVERITY", 10, least=WIDE),
    Column("text", "WHAT", 0),
)
SORTS: Final[dict[str, Callable[[SeenAlert], tuple[object, ...]] | None]] = {
    "state": lambda row: (list(GLYPHS).index(row.state), row.severity != "critical", row.since),
    "router": lambda row: (row.router, row.rule),
    "rule": lambda row: (row.rule, row.router),
    "time": lambda row: (-row.since.timestamp(),),
}
_STYLES: Final = {"firing": "critical", "ending": "warning", "pending": "warning"}
_HEAD: Final = 10
_MOST: Final = 3
"""Receivers and silences that have a line of their own."""


class AlertsScreen(LogScreen["SeenAlert"]):
    """The alerts."""

    place = Place.ALERTS
    columns = COLUMNS
    orders = tuple(SORTS)
    named = "Alerts"
    hint = "filter: part of a state, a rule, a router or a text; ! in front for all others"

    def rows(self) -> Sequence[SeenAlert]:
        """Return the alerts of the picture."""
        return self._state().alerts

    def _state(self) -> AlertsState:
        seen = self._last[0] if self._last is not None else self.room.services.snapshot()
        return seen.alerts or AlertsState()

    def texts_of(self, row: SeenAlert) -> tuple[str, ...]:
        """Return what a filter looks into."""
        return row.state, row.rule, row.router, row.summary, row.description

    def router_of(self, row: SeenAlert) -> str:
        """Return the router of a row."""
        return row.router

    def same(self, row: SeenAlert) -> Hashable:
        """Return what an alert is known by; its texts move."""
        return row.rule, row.router

    def sort_key(self) -> Callable[[SeenAlert], tuple[object, ...]] | None:
        """Return what the rows are sorted by now."""
        return SORTS[self.sorted_by]

    def nothing(self) -> str:
        """Return what is said when there is no row at all."""
        watched = self._last is not None and self._last[0].alerts is not None
        return "nothing is wrong, as far as the rules of [alerts] see" if watched else "nobody looks for alerts here"

    def cells(self, row: SeenAlert, palette: Palette, now: datetime, *, is_wide: bool) -> Mapping[str, Text]:
        """Return a row as the table shows it."""
        quiet = palette.quiet
        style = palette.state(_STYLES[row.state]) if row.state in _STYLES else quiet
        text = row.description if row.description and not is_wide else row.summary
        return {
            "state": Text(f" {GLYPHS[row.state]} {row.state}", style=style),
            "rule": Text(row.rule, style=quiet if row.state == "silenced" else ""),
            "router": Text(row.router, style="bold"),
            "since": Text(words.age((now - row.since).total_seconds()), style=quiet),
            "severity": Text(row.severity, style=quiet),
            "text": Text(shown(f"{row.summary}; {row.description}" if is_wide and row.description else text)),
        }

    def as_line(self, row: SeenAlert) -> str:
        """Return a row to be pasted somewhere else."""
        parts = (row.since.isoformat(timespec="seconds"), row.state, row.rule, row.router, row.summary)
        return shown(" ".join((*parts, f"({row.description})" if row.description else ""))).rstrip()

    def whole(self, row: SeenAlert, snapshot: Snapshot, palette: Palette) -> list[Text]:
        """Return a row with nothing left out."""
        style = palette.state("critical" if row.severity == "critical" else "warning")
        lines = [Text.assemble((shown(row.summary), f"bold {style}"), f"  {row.severity}")]
        lines += [Text(shown(row.description))] if row.description else []
        lines.append(Text(_story(row, snapshot.at, self.room.keymap), style=palette.quiet))
        return lines

    def told(self, snapshot: Snapshot, palette: Palette) -> Iterator[Text]:
        """Yield why nothing is kept, or who tells instead."""
        problem = snapshot.alerts.problem if snapshot.alerts is not None else ""
        if problem:
            yield Text(f"▲ {shown(problem)}", style=palette.state("warning"))

    def sums(self, snapshot: Snapshot, palette: Palette) -> Text:
        """Return who is told, and what is silenced."""
        state = snapshot.alerts or AlertsState()
        lines = [_receiver(each, snapshot.at, palette) for each in _worst_first(state.receivers)[:_MOST]]
        if more := len(state.receivers) - len(lines):
            lines.append(Text(f"{'':<{_HEAD}}+{words.count(more, 'more receiver')}", style=palette.quiet))
        if not lines:
            nobody = "nobody is told: add [[alerts.webhooks]] or [[alerts.hooks]]"
            lines = [Text.assemble((f"{'receiver':<{_HEAD}}", palette.quiet), (nobody, palette.quiet))]
        lines += [_silence(each, snapshot.at, palette) for each in state.silences[:_MOST]]
        if (more := len(state.silences) - _MOST) > 0:
            lines.append(Text(f"{'':<{_HEAD}}+{words.count(more, 'more silence')}", style=palette.quiet))
        return Text("\n").join(lines)

    # --- keys

    def action_silence(self) -> None:
        """Silence the alert under the cursor, or end the silences that hold it back."""
        row = self.table.current
        if not self.room.is_allowed("silence"):
            return
        if row is None:
            self.notify("there is no alert under the cursor", severity="warning")
            return
        if row.silenced_until is not None:
            self._ask_to_end(row)
        else:
            self.app.push_screen(Silencing(row), self._wished)

    def _wished(self, wish: Wish | None) -> None:
        if wish is None:
            self.notify("it was left as it is")
            return

        async def silence(router: str) -> None:
            await self.room.services.alerts.silence(wish.rule, router, wish.length, "on screen")

        self.run_worker(self.room.do("Silence", wish.router, silence, "nothing is told of it"), name="silence")

    def _ask_to_end(self, row: SeenAlert) -> None:
        snapshot = self.room.services.snapshot()
        held = [
            each for each in (snapshot.alerts or AlertsState()).silences
            if each.covers((row.rule, row.router), snapshot.at)
        ]  # fmt: skip
        told = "; ".join(f"{each.in_words()}{f' ({shown(each.why)})' if each.why else ''}" for each in held)

        async def end(_router: str) -> None:
            for each in held:
                await self.room.services.alerts.unsilence(each.id)

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self.room.do("End the silence of", row.router, end, "it may be told"), name="unsilence")
            else:
                self.notify("it was left as it is")

        words_of = f"{told}. What still fires is told then."
        self.app.push_screen(Confirm(row.router, "End the silence of", words_of, must_type=False), answered)


def _worst_first(receivers: Sequence[ReceiverState]) -> list[ReceiverState]:
    return sorted(receivers, key=lambda each: not each.problem)


def _receiver(receiver: ReceiverState, now: datetime, palette: Palette) -> Text:
    """Return one who is told: a glyph and a word, what waits, why."""
    line = Text.assemble((f"{'receiver':<{_HEAD}}", palette.quiet), (shown(receiver.name), "bold"), " ")
    if receiver.problem:
        line.append(f"▲ not told: {shown(receiver.problem)}", style=palette.state("critical"))
        line.append(f", {words.count(receiver.waiting, 'notice')} wait", style="")
        if receiver.next_at is not None:
            seconds = max(0.0, (receiver.next_at - now).total_seconds())
            line.append(f", again in {words.age(seconds)}", style=palette.quiet)
    else:
        line.append("● well", style=palette.state("healthy"))
        line.append(f", {receiver.told:,} told", style=palette.quiet)
        line.append(f", {receiver.waiting:,} wait" if receiver.waiting else "")
    line.append(f", {receiver.left_out:,} left out" if receiver.left_out else "", style=palette.quiet)
    return line


def _silence(silence: Silence, now: datetime, palette: Palette) -> Text:
    left = words.age((silence.ends_at - now).total_seconds())
    who = f" by {silence.who}" if silence.who else ""
    why = f": {silence.why}" if silence.why else ""
    line = Text.assemble((f"{'silenced':<{_HEAD}}", palette.quiet), silence.in_words())
    return line.append(shown(f" for {left} more{who}{why}"), style=palette.quiet)


def _story(row: SeenAlert, now: datetime, keymap: Keymap) -> str:
    """Return what has come of it so far."""
    parts = [f"since {when(row.since, now)}"]
    if row.fired_at is None:
        parts.append("not for long enough to be told")
    elif row.told_at is None:
        parts.append("nobody was told")
    else:
        parts.append(f"last told {ago(row.told_at, now)}")
    if row.silenced_until is not None:
        left = words.age((row.silenced_until - now).total_seconds())
        parts.append(f"silenced for {left} more: {keymap.key('silence')} ends that")
    if row.quiet_since is not None:
        parts.append(f"it seems to be over since {when(row.quiet_since, now)}")
    return " · ".join(parts)
