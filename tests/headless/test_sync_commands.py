"""``mktui sync`` against routers in a process of their own: what is written, what is said, and how it ends."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from mktui.billing.model import Profile, SubscriberStatus
from tests.headless.shops import PLANS, closed_shop, customers, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.headless.shops import Shop

pytestmark = pytest.mark.realtime
ORDER = "prune heal allow_empty adopt kinds names lifts"
PLAN = "router made_at epoch owned in_step totals changes refused"
CHANGE = (
    "action menu name external_id row_id values before needs server unset reason stage valid_until live_name"
)  # fmt: skip
REPORT = (
    "schema router planned applied failed skipped deferred unknown refused held kicked run seconds reason error errors "
    "rows findings"
)
REPORT_ROW = "menu name action fields status error text hint took_ms"
STATUS = "router run begun_at finished_at cause summary pending unknown_rows owned paused running automatic"
SUMMARY = "applied failed skipped deferred unknown planned held kicked reason seconds"
RUN = f"run router begun_at cause finished_at owned findings {SUMMARY}"
JOURNAL_ROW = "ordinal menu name server external_id action fields status error text hint took_ms"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path, count=6) as opened:
        yield opened


def has(found: dict[str, Any], keys: str) -> None:
    """See that a document has exactly these keys: a script relies on them."""
    assert sorted(found) == sorted(keys.split())


def is_document(found: dict[str, Any], schema: str, keys: str) -> None:
    has(found, f"schema ts {keys}")
    assert found["schema"] == schema


def test_a_plan_is_looked_at_then_applied_and_then_there_is_nothing_left_to_do(shop: Shop) -> None:
    planned = shop.start("sync", "plan", "--check", "--json")
    assert (planned.code, planned.err) == (1, "")
    is_document(planned.document, "mktui.sync.plan/1", "order plans unread rehearsals")
    has(planned.document["order"], ORDER)
    (plan,) = planned.document["plans"]
    has(plan, PLAN)
    has(plan["changes"][0], CHANGE)
    assert plan["totals"] == {"add": 7}
    assert not shop.rows(), "a plan writes nothing"

    applied = shop.start("sync", "apply", "--yes", "--json")
    assert (applied.code, applied.err) == (0, "")
    is_document(applied.document, "mktui.sync.apply/1", "reports")
    (report,) = applied.document["reports"]
    has(report, REPORT)
    assert report["applied"] == report["planned"] == 7
    assert {name: row["password"] for name, row in shop.rows().items()} == {
        f"user-{index:03}": f"pw-{index}-hush" for index in range(6)
    }
    again = shop.start("sync", "plan", "--check")
    assert (again.code, again.out, again.err) == (0, "edge-1  0 changes · 0 not planned · 7 in step\n", "")


def test_for_a_program_each_row_is_a_line_as_it_settles_and_the_last_line_is_the_end(shop: Shop) -> None:
    ended = shop.start("sync", "apply", "--yes", "--format", "ndjson")
    assert (ended.code, ended.err) == (0, "")
    *rows, last = [json.loads(line) for line in ended.out.splitlines()]
    assert [each["seq"] for each in (*rows, last)] == list(range(1, 9))
    assert all(each["ts"] for each in (*rows, last))
    assert {each["schema"] for each in rows} == {"mktui.sync.row/1"}
    assert {(each["router"], each["status"]) for each in rows} == {("edge-1", "applied")}
    has(rows[0], f"schema ts seq router {REPORT_ROW}")
    assert "hush" not in ended.out
    assert last["schema"] == "mktui.sync.apply/1"
    assert last["reports"][0]["applied"] == 7
    asking = shop.run("sync", "apply", "--format", "ndjson")
    assert asking.code == 2


def test_status_and_report_say_what_was_done_without_asking_a_router(shop: Shop) -> None:
    shop.run("sync", "apply", "--yes")
    shop.order("down")
    status = shop.run("sync", "status", "--json")
    assert (status.code, status.err) == (0, "")
    is_document(status.document, "mktui.sync.status/1", "routers")
    (router,) = status.document["routers"]
    has(router, STATUS)
    has(router["summary"], SUMMARY)
    assert (router["run"], router["owned"], router["pending"], router["summary"]["applied"]) == (1, 7, 0, 7)

    (run,) = shop.run("sync", "report", "edge-1", "--json").document["runs"]
    has(run, RUN)
    rows = shop.run("sync", "report", "edge-1", "1", "--json")
    is_document(rows.document, "mktui.sync.report/1", "router runs rows")
    has(rows.document["rows"][0], JOURNAL_ROW)
    assert [row["status"] for row in rows.document["rows"]] == ["applied"] * 7
    failed = shop.run("sync", "report", "edge-1", "1", "--failed")
    assert len(failed.out.splitlines()) == 1, "only the header"
    unknown = shop.run("sync", "report", "edge-1", "9")
    assert (unknown.code, unknown.out) == (2, "")
    assert "edge-1 has no run 9" in unknown.complaint


def test_a_saved_plan_is_carried_out_exactly_once_and_is_stale_afterwards(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    kept = shop.run("sync", "plan", "-o", file)
    assert (kept.code, kept.err) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    shop.save(customers(6, profile="plan-10", comment="later")[:1])  # nothing that a plan shows
    assert shop.run("sync", "apply", file, "--yes").code == 0
    assert len(shop.rows()) == 6

    stale = shop.run("sync", "apply", file, "--yes", "--json")
    assert stale.code == 6
    assert stale.document["reports"][0]["error"] == "StalePlan"
    assert stale.complaint == "mktui: edge-1: this plan is stale: billing or the router have changed since (plan again)"
    assert len(shop.rows()) == 6


def test_a_saved_plan_is_refused_whole_when_billing_has_changed_since(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    shop.run("sync", "plan", "-o", file)
    shop.save(customers(7))
    assert shop.run("sync", "apply", file, "--yes").code == 6
    assert not shop.rows(), "not even what would be the same"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--prune",), "a saved plan is carried out as it is"),
        (("--max-delete", "0"), "a saved plan is carried out as it is"),
        (("--name", "ana"), "a saved plan is carried out as it is"),
        (("--router", "edge-2"), "a saved plan is carried out as it is"),
    ],
)
def test_a_saved_plan_takes_no_other_wishes(options: tuple[str, ...], says: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    made = {"schema": "mktui.sync.plan/1", "ts": "2026-01-01T00:00:00Z", "order": {}, "plans": []}
    file.write_text(json.dumps(made), encoding="utf-8")
    ended = closed_shop(tmp_path).run("sync", "apply", file, "--yes", *options)
    assert ended.code == 2
    assert says in ended.complaint


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"schema": "mktui.sync.plan/1", "ts": "2026-01-01T00:00:00Z", "order": {}, "plans": []}', "no router in it"),
        (b"{", "is no plan of mktui"),
        (b'{"schema": "mktui.sync.plan/99"}', "is no plan of mktui: schema"),
        (b"\xff\xfe\x00", "cannot be read: no text"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_is_no_plan_is_named(content: bytes | None, says: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    if content is not None:
        file.write_bytes(content)
    ended = closed_shop(tmp_path).run("sync", "apply", file, "--yes")
    assert (ended.code, ended.out) == (2, "")
    assert str(file) in ended.complaint
    assert says in ended.complaint


def test_a_guard_holds_losses_back_and_lets_the_rest_go_on(tmp_path: Path) -> None:
    with open_shop(tmp_path, count=50) as shop:
        shop.run("sync", "apply", "--yes")
        shop.save([*customers(30, status=SubscriberStatus.SUSPENDED), *customers(51)[50:]])
        planned = shop.run("sync", "plan")
        assert planned.code == 6
        assert "--max-disable N, [sync.limits] disable_percent" in planned.out
        held = shop.run("sync", "apply", "--yes", "--json")
        assert (held.code, held.err) == (6, "")
        (report,) = held.document["reports"]
        assert (report["held"], report["applied"]) == (30, 1)
        assert {each["kind"] for each in report["findings"]} == {"held"}
        rows = shop.rows()
        assert "user-050" in rows, "who is new gets his service"
        assert not any(row["disabled"] for row in rows.values())

        lifted = shop.run("sync", "apply", "--yes", "--max-disable", "30")
        assert (lifted.code, lifted.err) == (0, "")
        assert sum(row["disabled"] for row in shop.rows().values()) == 30
        runs = shop.run("sync", "report", "edge-1", "--json").document["runs"]
        assert [run["cause"] for run in runs] == ["by hand --max-disable 30", "by hand", "by hand"]


def test_rows_that_a_router_refuses_are_told_in_its_words_and_the_others_are_done(shop: Shop) -> None:
    broken = Profile(external_id="p2", name="plan-x", rate_down_bps=10**6, rate_up_bps=10**6, pool="no-such-pool")
    shop.save([each.model_copy(update={"profile": "plan-x"}) for each in customers(2)], [broken])
    rehearsed = shop.run("sync", "plan", "--rehearse", "--json")
    assert rehearsed.code == 1
    (rehearsal,) = rehearsed.document["rehearsals"]
    has(rehearsal, "version is_fine report left")
    assert [(row["name"], row["status"]) for row in rehearsal["report"]["rows"]] == [
        ("plan-x", "failed"), ("user-000", "skipped"), ("user-001", "skipped")
    ]  # fmt: skip
    assert not shop.rows(), "the router itself was not touched"

    ended = shop.run("sync", "apply", "--yes", "--json")
    assert (ended.code, ended.err) == (5, "")
    (report,) = ended.document["reports"]
    assert (report["applied"], report["failed"], report["skipped"]) == (5, 1, 2)
    has(report["rows"][0], REPORT_ROW)
    assert len(shop.rows()) == 4
    assert "plan-x" in shop.run("sync", "report", "edge-1", "1", "--failed").out


def test_a_router_that_is_down_is_deferred_and_the_others_are_done(tmp_path: Path) -> None:
    with open_shop(tmp_path, routers=3, count=4) as shop:
        shop.order("sim-2: down")
        plan = shop.run("sync", "plan", "--json")
        assert plan.code == 5
        assert [each["router"] for each in plan.document["plans"]] == ["edge-1", "edge-3"]
        has(plan.document["unread"][0], "router error text")
        assert plan.complaint.startswith("mktui: edge-2: cannot connect to 127.0.0.1")
        ended = shop.run("sync", "apply", "--yes", "--json")
        assert ended.code == 5
        assert [each["applied"] for each in ended.document["reports"]] == [5, 0, 5]
        assert ended.complaint.startswith("mktui: edge-2: deferred: cannot connect to 127.0.0.1")
        for command in (("plan", "edge-2"), ("apply", "edge-2", "--yes"), ("backup", "edge-2"), ("adopt", "edge-2"),
                        ("rollback", "edge-2", "1", "--yes")):  # fmt: skip
            alone = shop.run("sync", *command)
            assert (alone.code, alone.out) == (3, ""), command
            assert "edge-2" in alone.complaint
            assert "cannot connect to 127.0.0.1" in alone.complaint
        kept = shop.run("sync", "backup", "edge-1", "edge-2", "--json")
        assert kept.code == 5
        is_document(kept.document, "mktui.sync.backup/1", "backups")
        (made,) = kept.document["backups"]
        has(made, "router file")
        assert made["file"] in {row["name"] for row in shop.ask("/file/print")}


@pytest.mark.parametrize("command", [("apply",), ("apply", "edge-1"), ("rollback", "edge-1", "1")])
def test_nothing_is_written_without_yes_where_nobody_can_be_asked(command: tuple[str, ...], tmp_path: Path) -> None:
    ended = closed_shop(tmp_path).run("sync", *command)
    assert (ended.code, ended.out) == (2, "")
    assert "nobody is here to confirm: give --yes" in ended.complaint


def test_a_plan_is_narrowed_by_router_kind_and_name(tmp_path: Path) -> None:
    with open_shop(tmp_path, routers=2, count=4) as shop:
        hour = Profile.model_validate({"external_id": "h1", "name": "hour", "kind": "hotspot"})
        shop.save([each.model_copy(update={"external_id": "g1", "username": "guest"})
                   for each in customers(1, kind="hotspot", profile="hour")], [hour])  # fmt: skip

        def planned(*options: str) -> list[tuple[str, str]]:
            plans = shop.run("sync", "plan", "--json", *options).document["plans"]
            return [(plan["router"], change["name"]) for plan in plans for change in plan["changes"]]

        assert len(planned()) == 14
        assert {router for router, _ in planned("--router", "edge-2")} == {"edge-2"}
        assert planned("edge-1", "--kind", "hotspot") == [("edge-1", "hour"), ("edge-1", "guest")]
        assert planned("edge-1", "--name", "user-002", "--name", "plan-10") == [
            ("edge-1", "plan-10"), ("edge-1", "user-002")
        ]  # fmt: skip
        wrong = shop.run("sync", "plan", "--router", "edge-9")
        assert wrong.code == 2
        assert "no router is called 'edge-9'" in wrong.complaint


def test_every_wish_reaches_the_plan_and_the_run_and_stands_in_the_runs_cause(shop: Shop) -> None:
    wishes = ("--prune", "--allow-empty", "--heal", "--rebuild", "--max-delete", "3", "--max-disable", "0",
              "--max-update", "5")  # fmt: skip
    order = shop.run("sync", "plan", "--json", *wishes).document["order"]
    assert order == {
        "prune": True, "heal": True, "allow_empty": True, "adopt": [], "kinds": [], "names": [],
        "lifts": {"max_delete": 3, "max_disable": 0, "max_update": 5, "rebuild": True},
    }  # fmt: skip
    assert shop.run("sync", "apply", "--yes", *wishes).code == 0
    (run,) = shop.run("sync", "report", "edge-1", "--json").document["runs"]
    assert run["cause"] == (
        "by hand --prune, --allow-empty, --heal, --max-delete 3, --max-disable 0, --max-update 5, --rebuild"
    )


def test_who_is_gone_from_a_complete_file_is_disabled_only_when_pruning_is_asked_for(tmp_path: Path) -> None:
    csv = tmp_path / "all.csv"
    lines = [f"c{index},user-{index:03},pw-{index}-hush,plan-10" for index in range(50)]

    def imported(shop: Shop, count: int) -> None:
        text = "\n".join(["external_id,username,password,profile", *lines[:count], f"# rows: {count}"])
        csv.write_text(f"{text}\n", encoding="utf-8")
        assert shop.run("billing", "import", "subscribers", csv, "--complete", "--yes").code == 0

    with open_shop(tmp_path) as shop:
        shop.save(profiles=PLANS)
        imported(shop, 50)
        shop.run("sync", "apply", "--yes")
        imported(shop, 47)
        assert shop.run("sync", "apply", "--yes").code == 0
        assert not any(row["disabled"] for row in shop.rows().values())
        assert shop.run("sync", "apply", "--yes", "--prune").code == 0
        disabled = {name for name, row in shop.rows().items() if row["disabled"]}
        assert disabled == {"user-047", "user-048", "user-049"}


def test_healing_and_rebuilding_are_done_only_when_they_are_asked_for(tmp_path: Path) -> None:
    with open_shop(tmp_path, count=50) as shop:
        shop.run("sync", "apply", "--yes")
        shop.ask("/ppp/secret/set", id_=shop.rows()["user-003"][".id"], profile="default")
        assert shop.run("sync", "apply", "--yes").code == 0
        assert shop.rows()["user-003"]["profile"] == "default", "somebody meant it"
        assert shop.run("sync", "apply", "--yes", "--heal").code == 0
        rows = shop.rows()
        assert rows["user-003"]["profile"] == "plan-10"

        for row in rows.values():
            shop.ask("/ppp/secret/remove", id_=row[".id"])
        refused = shop.run("sync", "apply", "--yes")
        assert refused.code == 6
        assert "looks restored or replaced" in refused.out
        assert "--rebuild" in refused.out
        assert shop.run("sync", "apply", "--yes", "--rebuild").code == 0
        assert len(shop.rows()) == 50


def audited(shop: Shop) -> list[str]:
    return [each["what"] for each in shop.run("errors", "audit", "--json").document["changes"]]


def test_a_rollback_takes_a_run_back_and_pauses_automatic_syncs_until_they_are_resumed(shop: Shop) -> None:
    shop.run("sync", "apply", "--yes")
    shop.save(customers(2, mac="02:00:00:00:00:01"))
    assert shop.run("sync", "apply", "--yes").code == 0
    assert shop.rows()["user-001"]["caller-id"] == "02:00:00:00:00:01"
    ended = shop.run("sync", "rollback", "edge-1", "2", "--yes", "--json", "--max-update", "2")
    assert ended.code == 0
    is_document(ended.document, "mktui.sync.apply/1", "reports")
    assert "automatic syncs are paused; mktui sync resume edge-1 ends that" in ended.complaint
    assert shop.rows()["user-001"]["caller-id"] == ""
    (router,) = shop.run("sync", "status", "--json").document["routers"]
    assert (router["paused"], router["cause"]) == ("rollback of 2 --max-update 2",) * 2
    assert "hold automatic syncs: rollback of 2 --max-update 2" in audited(shop)
    assert shop.run("sync", "resume", "edge-1").out == "edge-1: resumed\n"
    unknown = shop.run("sync", "rollback", "edge-1", "99", "--yes")
    assert unknown.code == 2
    assert "edge-1 has no run 99" in unknown.complaint


def test_rows_of_a_router_are_adopted_as_they_stand(shop: Shop) -> None:
    shop.ask("/ppp/secret/add", name="boss", password="pw-boss-hush", profile="gold", comment="mine")
    shown = shop.run("sync", "adopt", "edge-1", "boss", "--json")
    assert shown.code == 0
    assert "nobody is here to confirm" in shown.complaint
    assert not shown.document["written"]
    assert shop.rows()["boss"]["comment"] == "mine"
    done = shop.run("sync", "adopt", "edge-1", "boss", "--yes", "--json")
    assert (done.code, done.err) == (0, "")
    is_document(done.document, "mktui.sync.adopt/1", "router written new clashes rejected skipped report")
    assert [each["name"] for each in done.document["new"]] == ["gold", "boss"]
    assert "adopt: change 2 rows of billing" in audited(shop)
    row = shop.rows()["boss"]
    assert row["comment"].startswith("mine [mktui:")
    assert (row["password"], row["profile"]) == ("pw-boss-hush", "gold")
    assert shop.run("sync", "plan", "--name", "boss", "--check").code == 0
    nobody = shop.run("sync", "adopt", "edge-1", "nobody", "--yes")
    assert nobody.code == 2
    assert "called nobody" in nobody.complaint


def test_a_source_that_is_gone_is_said_on_stderr_and_billing_is_synced_as_it_is(tmp_path: Path) -> None:
    more = (
        "[[billing.sources]]\nname = 'crm'\nurl = 'postgresql://reader:s3cret-url@127.0.0.1:1/crm'\n"
        "subscribers_query = 'select username, profile from customers'"
    )
    with open_shop(tmp_path, count=3, more=more) as shop:
        ended = shop.run("sync", "apply", "--yes", "--json")
        assert (ended.code, ended.document["reports"][0]["applied"]) == (0, 4)
        assert ended.complaint.startswith("mktui: source crm could not be read, billing stays as it was: ")
        assert "s3cret" not in ended.complaint


def test_pause_and_resume_are_said_by_status(tmp_path: Path) -> None:
    shop = closed_shop(tmp_path)
    assert shop.run("sync", "pause", "edge-1", "--reason", "being moved").out == "paused: edge-1\n"
    assert "paused: being moved" in shop.run("sync", "status").out
    assert shop.run("sync", "resume", "edge-1").out == "edge-1: resumed\n"
    assert shop.run("sync", "resume", "edge-1").out == "edge-1: was not paused\n"
    for command in ("pause", "resume"):
        wrong = shop.run("sync", command, "edge-7")
        assert wrong.code == 2
        assert "no router is called 'edge-7'" in wrong.complaint
