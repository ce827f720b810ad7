"""The README's tables, made from what they describe: ``python -m tests.readme`` writes them anew."""

from __future__ import annotations

from pathlib import Path

from mktui.billing.options import BillingOptions, SourceOptions
from mktui.config import describe
from mktui.config.alerts import AlertConfig, AlertRules, HookConfig, WebhookConfig
from mktui.config.http import HttpConfig, TokenConfig
from mktui.config.maintenance import MaintenanceOptions
from mktui.config.model import RouterConfig
from mktui.config.serve import ServeConfig
from mktui.core.pool.options import PoolOptions
from mktui.monitor.options import MonitorOptions
from mktui.sync.options import Limits, SyncOptions
from mktui.tui import actions

README = Path(__file__).resolve().parent.parent / "README.md"


def tables() -> dict[str, str]:
    """Return what stands between ``<!-- name -->`` and ``<!-- end -->``."""
    return {
        "keys": actions.as_markdown(),
        "pool settings": describe.as_markdown(PoolOptions),
        "router settings": describe.as_markdown(RouterConfig, leave_out=("pool",)),
        "billing settings": describe.as_markdown(BillingOptions, leave_out=("sources",)),
        "source settings": describe.as_markdown(SourceOptions),
        "sync settings": describe.as_markdown(SyncOptions, leave_out=("limits",)),
        "limits": describe.as_markdown(Limits),
        "serve settings": describe.as_markdown(ServeConfig),
        "http settings": describe.as_markdown(HttpConfig, leave_out=("tokens",)),
        "token settings": describe.as_markdown(TokenConfig),
        "monitor settings": describe.as_markdown(MonitorOptions),
        "alert settings": describe.as_markdown(AlertConfig, leave_out=("rules", "webhooks", "hooks")),
        "alert rules": describe.as_markdown(AlertRules),
        "webhook settings": describe.as_markdown(WebhookConfig),
        "hook settings": describe.as_markdown(HookConfig),
        "maintenance settings": describe.as_markdown(MaintenanceOptions),
    }


def with_tables(text: str) -> str:
    """Return the README with its tables as they should be."""
    for name, table in tables().items():
        opening = f"<!-- {name} -->\n"
        before, _, after = text.partition(opening)
        text = f"{before}{opening}{table}\n{after[after.index('<!-- end -->') :]}"
    return text


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
