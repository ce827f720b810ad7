"""A reset as an operator needs it: it says whether the router answers with its settings, and a slip cuts nobody off.

Where the settings name another address or login, one session is tried with them first: while the present connections
work, one that cannot be opened leaves all as it is. Where none works there is nothing to lose: they are taken, and
tried on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.errors import ConnectFailed

if TYPE_CHECKING:
    from mktui.core.connection.options import RouterOptions
    from mktui.errors import RouterError
    from mktui.services.router import RouterService, RouterSetup


async def replace_connections(service: RouterService, setup: RouterSetup) -> None:
    """Replace a router's connections by ones with these settings, and return when one of them is ready.

    Raises:
        ConnectFailed: None can be opened: nothing was reset, or it is tried again; says which, and why.
    """
    is_elsewhere = setup.options != service.setup.options
    if is_elsewhere and service.client.connection_stats().pool.ready:
        error = await _why_no_session(service, setup)
        if error is not None:
            raise _in_vain(setup.options, error, "nothing was reset, its connections stay as they are")
    await service.reconfigure(setup)
    if (why := await service.client.why_none_is_new()) is not None:
        raise _in_vain(setup.options, why, "its settings are taken all the same")


async def _why_no_session(service: RouterService, setup: RouterSetup) -> RouterError | None:
    """Try one session; None: it could be opened, or only our own connections may be in its way."""
    from mktui.core.client.connection_test import run_connection_test  # noqa: PLC0415 - only where something is new

    report = await run_connection_test(setup.options, service.setup.connect, after=setup.pool.connection_timeout)
    if any(step.name == "login" and step.ok for step in report.steps):
        return None
    error = report.error
    is_at_its_limit = isinstance(error, ConnectFailed) and error.hung_up  # and ours are the sessions that fill it
    return None if is_at_its_limit and setup.options.address == service.setup.options.address else error


def _in_vain(options: RouterOptions, error: RouterError, so: str) -> ConnectFailed:
    reason = error.reason if isinstance(error, ConnectFailed) else str(error).removeprefix(f"{options.name}: ")
    return ConnectFailed(options.name, address=options.address, reason=f"{reason}; {so}")
