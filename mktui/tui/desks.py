"""What the screens of customers and billing need of the services: desks, or recordings of them. Nothing here waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mktui.billing.model import Subscriber, SubscriberStatus
    from mktui.billing.several import Changed
    from mktui.billing.sources.importing import ImportOutcome
    from mktui.billing.sources.preview import ImportPreview
    from mktui.billing.sources.rows import What
    from mktui.config.newcomer import Newcomer
    from mktui.config.save import Seen
    from mktui.core.client.connection_test import TestStep
    from mktui.core.pool.options import PoolOptions
    from mktui.core.protocol.sentences import Command
    from mktui.monitor.silences import Silence
    from mktui.services.billing import Reading
    from mktui.services.books import Books
    from mktui.services.configuring import Saved
    from mktui.services.console import Answer
    from mktui.services.customers import Search
    from mktui.services.newcomers import Tried
    from mktui.services.stability import StabilityState


class Customers(Protocol):
    """Where one customer is looked for, and helped."""

    @property
    def search(self) -> Search | None:
        """What is known of the name that was asked for last."""

    def look_for(self, name: str) -> None:
        """Begin to look for a name; it goes on when the screen is left."""

    async def set_active(self, subscriber: Subscriber, *, is_active: bool) -> Subscriber:
        """Let him connect, or suspend him."""

    async def extend(self, subscriber: Subscriber, days: int) -> Subscriber:
        """Let him be paid for longer."""

    async def kick(self, name: str, router: str) -> int:
        """End his sessions on a router; return how many."""


class Newcomers(Protocol):
    """Where a router is added."""

    async def look(self) -> Seen | None:
        """Return the file that it would be saved in; None: there is none."""

    async def test(
        self, newcomer: Newcomer, pool: PoolOptions, *, on_step: Callable[[TestStep], None] | None = None
    ) -> Tried:
        """Test it as it was typed."""

    async def save(self, seen: Seen, newcomer: Newcomer) -> Saved:
        """Save it, and start it."""


class Consoles(Protocol):
    """Where a router is asked by hand."""

    async def run(self, router: str, command: Command) -> Answer:
        """Run a command and return its rows."""


class Stability(Protocol):
    """Where stability is tested: one test at a time, and the reports that are kept."""

    def state(self) -> StabilityState:
        """Return how it stands now."""

    def start(self, target: str, names: Sequence[str] = (), *, may_write: bool = False) -> None:
        """Begin a test; it goes on when the screen is left."""

    def stop(self) -> None:
        """End the test that runs."""

    async def save(self) -> Path:
        """Keep the last report."""


class Alerts(Protocol):
    """Where alerts are silenced."""

    async def silence(self, rule: str, router: str, length: dt.timedelta, why: str = "") -> Silence:
        """Let nothing be told of a rule of a router for so long; "" is any."""

    async def unsilence(self, silence: str) -> Silence:
        """End a silence."""


class Schedule(Protocol):
    """Where scheduled jobs are run now."""

    async def run(self, job: str) -> None:
        """Begin a job; it goes on when the screen is left."""


class Billing(Protocol):
    """Where profiles and subscribers are looked at, and changed."""

    @property
    def books(self) -> Books | None:
        """The last picture of billing; None: there is none yet."""

    @property
    def so_far(self) -> str:
        """How much of the first one has come, in words; "": nobody counts."""

    @property
    def problem(self) -> str:
        """Why there is no newer one; "": there is."""

    @property
    def reading(self) -> Reading | None:
        """The file that is being read into billing."""

    @property
    def can_edit(self) -> bool:
        """Something can be changed here at all."""

    @property
    def local(self) -> dt.tzinfo:
        """Where a date without a time ends its day."""

    @property
    def last_done(self) -> str:
        """What ``undo`` would take back; "": nothing."""

    def watch(self) -> None:
        """Read billing soon, when it has changed."""

    async def refresh(self) -> None:
        """Read billing now."""

    async def preview(self, what: What, cells: Mapping[str, str]) -> ImportPreview:
        """Say what writing one row would do."""

    async def write(self, shown: ImportPreview) -> ImportOutcome:
        """Write what was shown."""

    async def set_status(self, subscribers: Sequence[Subscriber], status: SubscriberStatus) -> Changed:
        """Suspend, enable or delete subscribers."""

    async def extend(self, subscribers: Sequence[Subscriber], days: int) -> Changed:
        """Let subscribers be paid for longer."""

    async def undo(self) -> str:
        """Take back what was done last; return what became of it."""

    def read_file(self, file: Path, what: What, mapped: Mapping[str, str] | None = None) -> None:
        """Begin to read a file; ``reading`` says what it would do. ``mapped``: their column -> our field."""

    def import_file(self) -> None:
        """Begin to write the file that was read."""
