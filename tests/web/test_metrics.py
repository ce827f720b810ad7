"""What Prometheus reads: right by its own linter, the same as the snapshot, and all that the samples speak of."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import anyio
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mktui import resources
from mktui.services.demo import open_demo
from mktui.web.metrics import Metrics, Served
from tests.terminal.recorded import fleet
from tests.terminal.recorded_alerts import alerts

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES: Final = resources.folder("sample_configs")
PROMTOOL: Final = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="no promtool: apt-get install prometheus")


def text() -> str:
    """The metrics of the recorded fleet, one of which fails."""
    served = Served()
    served.requests["GET", "200"] = 3
    first, *others = fleet().routers
    performance = replace(first.pool.performance, errors={"CommandTimeout": 2})
    failing = replace(first, pool=replace(first.pool, performance=performance))
    return Metrics(served).text(replace(fleet(), routers=(failing, *others), alerts=alerts())).decode()


def values(of: str) -> dict[tuple[str, ...], float]:
    """One metric: its labels' values, sorted by the labels' names, and its figure."""
    return {
        tuple(sample.labels[name] for name in sorted(sample.labels)): sample.value
        for family in text_string_to_metric_families(text())
        for sample in family.samples
        if sample.name == of
    }


@needs_promtool
def test_promtool_has_nothing_to_say() -> None:
    done = subprocess.run(
        [str(PROMTOOL), "check", "metrics"], input=text(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_promtool
@pytest.mark.parametrize(
    "what", [["check", "rules", "prometheus-alerts.yml"], ["check", "config", "--syntax-only", "prometheus.yml"]]
)
def test_the_samples_are_what_prometheus_takes(what: list[str]) -> None:
    done = subprocess.run([str(PROMTOOL), *what], cwd=SAMPLES, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["grafana-dashboard.json", "prometheus-alerts.yml"])
def test_every_metric_that_a_sample_names_is_there(name: str) -> None:
    known = {sample.name for family in text_string_to_metric_families(text()) for sample in family.samples}
    named = set(re.findall(r"\bmktui_\w+", (SAMPLES / name).read_text(encoding="utf-8")))
    assert len(named) >= 10
    assert named <= known


def test_every_label_that_a_sample_asks_for_is_there() -> None:
    whole = "".join(
        (SAMPLES / name).read_text(encoding="utf-8") for name in ("grafana-dashboard.json", "prometheus-alerts.yml")
    )
    for metric, label, value in set(
        re.findall(r'(mktui_\w+)\{(?:router=~\\?"\$router\\?",)?(status|state)=\\?"(\w+)', whole)
    ):
        assert any(value in labels for labels in values(metric)), (metric, label, value)


def test_the_dashboard_is_one_that_grafana_can_import() -> None:
    board = json.loads((SAMPLES / "grafana-dashboard.json").read_text(encoding="utf-8"))
    idents = [panel["id"] for panel in board["panels"]]
    assert len(set(idents)) == len(idents) > 10
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24
        assert all(target["expr"].count("(") == target["expr"].count(")") for target in panel["targets"])
        assert panel["datasource"]["uid"] == "${source}"


@needs_promtool
def test_prometheus_understands_every_question_of_the_dashboard(tmp_path: Path) -> None:
    board = json.loads((SAMPLES / "grafana-dashboard.json").read_text(encoding="utf-8"))
    asked = [target["expr"].replace("$router", ".*") for panel in board["panels"] for target in panel["targets"]]
    rules = [{"record": f"asked:{number}:x", "expr": each} for number, each in enumerate(asked)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}), encoding="utf-8")
    command = [str(PROMTOOL), "check", "rules", "--lint=none", "rules.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_figures_are_the_snapshots_in_base_units() -> None:
    edge = fleet().router("edge-1")
    assert edge is not None
    assert values("mktui_router_response_p95_seconds")["edge-1",] == edge.pool.performance.response.p95
    assert values("mktui_router_cpu_ratio")["edge-1",] == 0.12
    assert values("mktui_router_commands_total")["edge-1",] == edge.pool.performance.commands
    assert values("mktui_router_success_ratio")["edge-1",] == pytest.approx(0.9998, abs=1e-4)
    assert values("mktui_http_requests_total")["200", "GET"] == 3


def test_alerts_are_counted_by_rule_and_receivers_by_name_and_no_customer_is_a_label() -> None:
    active = values("mktui_alerts_active")
    assert {rule for (rule,), number in active.items() if number} == {"router_down", "pool_exhausted"}
    assert active["router_down",] == 1, "one of two is silenced"
    assert values("mktui_alert_receiver_failing") == {("noc",): 0, ("chat",): 1}
    assert values("mktui_alert_notices_waiting")["chat",] == 3
    assert values("mktui_alert_notices_told_total")["noc",] == 41
    assert values("mktui_alert_notices_left_out_total")["chat",] == 12


def test_what_nobody_can_know_is_absent_and_never_zero() -> None:
    offline = fleet().router("tower-cerro-alto")
    assert offline is not None
    assert offline.pool.performance.response.p95 is None
    assert ("tower-cerro-alto",) not in values("mktui_router_response_p95_seconds")
    assert values("mktui_router_up")["tower-cerro-alto",] == 0


def test_each_router_is_in_one_state_of_health_and_its_circuit_in_one() -> None:
    for metric in ("mktui_router_health", "mktui_router_circuit"):
        found = values(metric)
        for router in fleet().routers:
            assert sum(figure for labels, figure in found.items() if labels[0] == router.name) == 1


def test_names_of_any_letters_are_escaped_and_no_customer_is_in_it() -> None:
    odd = 'a"b\\c\n塔'
    whole = fleet()
    snapshot = replace(whole, routers=(replace(whole.routers[0], name=odd),))
    found = list(text_string_to_metric_families(Metrics(Served()).text(snapshot).decode()))
    assert {sample.labels["router"] for family in found for sample in family.samples if "router" in sample.labels} == {
        odd
    }
    labels = {name for family in found for sample in family.samples for name in sample.labels}
    assert labels <= {"router", "status", "state", "priority", "class", "version", "board", "method", "code"}


@pytest.mark.anyio
@pytest.mark.realtime
async def test_counters_only_grow() -> None:
    shown = Metrics(Served())
    async with open_demo() as here:
        pictures = []
        for _ in range(4):
            await anyio.sleep(0.4)
            pictures.append(_totals(shown.text(here.snapshot()).decode()))
    for before, after in pairwise(pictures):
        assert all(after[key] >= figure for key, figure in before.items())
    assert sum(pictures[-1].values()) > sum(pictures[0].values())


def _totals(metrics: str) -> dict[str, float]:
    return {
        f"{sample.name} {sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
        if sample.name.endswith("_total")
    }
