"""The routers that run: each in a task of its own, so that one can come or go while the others go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from mktui.services.router import RouterService

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import TaskGroup, TaskStatus

    from mktui.monitor.snapshot import SeenEvent
    from mktui.services.automatic import BillingWatch
    from mktui.services.chronicle import Chronicle
    from mktui.services.office import LazyOffice
    from mktui.services.router import RouterSetup
    from mktui.sync.options import SyncOptions


class Members:
    """Starts routers and stops them. ``automatic``: what their automatic syncs go by; None: there are none."""

    def __init__(
        self,
        tasks: TaskGroup,
        office: LazyOffice,
        on_event: Callable[[SeenEvent], None],
        chronicle: Chronicle,
        automatic: SyncOptions | None,
    ) -> None:
        self.services: dict[str, RouterService] = {}
        self._running: dict[str, tuple[anyio.CancelScope, anyio.Event]] = {}
        self._tasks = tasks
        self._office = office
        self._on_event = on_event
        self._chronicle = chronicle
        self._automatic = automatic if automatic is not None and automatic.automatic else None
        self._watch: BillingWatch | None = None

    async def start(self, setup: RouterSetup) -> RouterService:
        """Run one more router. Returns at once: its connections open in the background."""
        setup = replace(setup, is_automatic=self._automatic is not None)
        service = RouterService(setup, self._office, self._on_event, self._chronicle)
        self._running[service.name] = await self._tasks.start(self._run, service)
        self.services[service.name] = service
        return service

    async def stop(self, name: str) -> None:
        """Run a router no longer; its connections are closed when this returns."""
        self.services.pop(name)
        scope, is_over = self._running.pop(name)
        scope.cancel()
        await is_over.wait()

    async def _run(
        self, service: RouterService, *, task_status: TaskStatus[tuple[anyio.CancelScope, anyio.Event]]
    ) -> None:
        is_over = anyio.Event()
        try:
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as own:
                    await own.start(service.run)
                    if self._automatic is not None:
                        from mktui.services.automatic import sync_automatically  # noqa: PLC0415 - only who syncs

                        own.start_soon(
                            sync_automatically, service, self._office, self._billing_watch(), self._automatic
                        )
                    task_status.started((scope, is_over))
        finally:
            is_over.set()

    def _billing_watch(self) -> BillingWatch:
        """Return the one that looks for all routers; it is not needed before the first."""
        if self._watch is None:
            from mktui.services.automatic import BillingWatch  # noqa: PLC0415 - only who syncs

            self._watch = BillingWatch(self._office)
            self._tasks.start_soon(self._watch.run, name="billing watch")
        return self._watch
