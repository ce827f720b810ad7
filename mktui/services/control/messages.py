"""What a running mktui may be asked, as models that check it. Pure.

Every line that comes in becomes a request, or a refusal with its reason: garbage is answered like anything else.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mktui.billing.model import Kind  # noqa: TC001 - pydantic reads the annotations
from mktui.config.http import Role
from mktui.services.control.billing_messages import OfBilling
from mktui.services.control.newcomer_messages import OfNewcomer
from mktui.services.control.request import NAME, Asked, Count, Name, OfRouter, Text, ToRouter, Write
from mktui.services.control.stability_messages import OfStability
from mktui.services.control.wire import OTHER_VERSION, VERSION
from mktui.sync.guards import Lifts
from mktui.sync.order import Order
from mktui.sync.plan import Action  # noqa: TC001 - as above


class Refusal(Exception):
    """A line that is no request; ``number`` is its id when it has one."""

    def __init__(self, text: str, *, number: int | None = None, kind: str = "ProtocolError") -> None:
        super().__init__(text)
        self.text, self.number, self.kind = text, number, kind


class Hello(Asked):
    """Who asks, from where, and what he wants to be allowed at most; what he has once given up he does not get back.

    ``screen`` is a word of his own by which he is known again when his connection was lost. ``badge`` says that he sits
    before a terminal in a browser: then who he is stands on the badge.
    """

    do: Literal["hello"]
    role: Annotated[Role, Field(strict=False)] = Role.ADMIN
    origin: Name = ""
    screen: Name = ""
    badge: Name = Field("", repr=False)


class SnapshotNow(Asked):
    """How everything is."""

    do: Literal["snapshot"]


class Subscribe(Asked):
    """How everything is, again and again: only what has changed. ``events``: also what happens, by number."""

    do: Literal["subscribe"]
    every: float = Field(0.5, ge=0.2, le=3600, allow_inf_nan=False)
    events: bool = False


class Test(OfRouter):
    """Test a router; each step is told as it ends."""

    do: Literal["test"]


class Reset(ToRouter):
    """Replace a router's connections; its settings are read afresh first."""

    do: Literal["reset"]


class Isolate(ToRouter):
    """Ask a router nothing more."""

    do: Literal["isolate"]


class Probe(ToRouter):
    """Let a router back in."""

    do: Literal["probe"]


class Wish(BaseModel):
    """An order of somebody who looks at plans."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cause: Name = "by hand"
    prune: bool = False
    allow_empty: bool = False
    heal: bool = False
    adopt: frozenset[Name] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    names: frozenset[Name] = frozenset()
    only: frozenset[Action] = frozenset()
    max_delete: Count | None = None
    max_disable: Count | None = None
    max_update: Count | None = None
    rebuild: bool = False

    def order(self) -> Order:
        """Return it as the syncs take it."""
        return Order(
            cause=self.cause, prune=self.prune, allow_empty=self.allow_empty, heal=self.heal, adopt=self.adopt,
            lifts=Lifts(self.max_delete, self.max_disable, self.max_update, self.rebuild), kinds=self.kinds,
            names=self.names, only=self.only,
        )  # fmt: skip

    @classmethod
    def of(cls, order: Order) -> Wish:
        """Return an order as it is sent: books and a saved plan stay where they are."""
        lifts = order.lifts
        return cls(
            cause=order.cause[:NAME], prune=order.prune, allow_empty=order.allow_empty, heal=order.heal,
            adopt=order.adopt, kinds=order.kinds, names=order.names, only=order.only, max_delete=lifts.max_delete,
            max_disable=lifts.max_disable, max_update=lifts.max_update, rebuild=lifts.rebuild,
        )  # fmt: skip


class StartPlan(OfRouter):
    """Begin to make a plan for somebody to look at."""

    do: Literal["plan"]
    wish: Wish = Wish()


class PlanOf(OfRouter):
    """The plan that is looked at."""

    do: Literal["planning"]


class StartSync(ToRouter):
    """Begin a sync. ``saved``: exactly the plan of this fingerprint, which is the one that is looked at."""

    do: Literal["apply"]
    wish: Wish = Wish()
    saved: Name = ""


class ChartOf(OfRouter):
    """A router's percentiles over time, as they are known here."""

    do: Literal["chart"]


class ReportOf(OfRouter):
    """What became of each row of the last run."""

    do: Literal["report"]


class Hold(ToRouter):
    """Let no automatic sync touch a router."""

    do: Literal["hold"]
    reason: Name


class LetGo(ToRouter):
    """Let a router's automatic syncs go on."""

    do: Literal["let go"]


class WatchBilling(Asked):
    """Ask billing soon how the routers stand."""

    do: Literal["watch billing"]


class Errors(Asked):
    """The error log, as far as it is known."""

    do: Literal["errors"]


class Changes(Asked):
    """Who changed what, as far as it is known."""

    do: Literal["changes"]


class Run(ToRouter):
    """Run one command by hand; a path that is none is the router's to refuse."""

    do: Literal["run"]
    path: Name
    attributes: dict[Name, Text] = Field(default_factory=dict)
    query: tuple[Name, ...] = ()


class Find(Asked):
    """Begin to look for a customer."""

    do: Literal["find"]
    name: Name


class Found(Asked):
    """What is known of the customer who was looked for last."""

    do: Literal["found"]


class SetActive(Write):
    """Let a customer connect, or suspend him."""

    do: Literal["set active"]
    external_id: Name
    is_active: bool


class Extend(Write):
    """Let a customer be paid for longer."""

    do: Literal["extend"]
    external_id: Name
    days: int = Field(ge=1, le=3660)


class Kick(ToRouter):
    """End a customer's sessions on a router."""

    do: Literal["kick"]
    name: Name


class SilenceAlerts(Write):
    """Tell nothing of a rule, of a router, or of both, for so many seconds; "" is any."""

    do: Literal["silence"]
    rule: Name = ""
    router: Name = ""
    seconds: int = Field(ge=1, le=366 * 86_400)
    why: Name = ""


class UnsilenceAlerts(Write):
    """End a silence."""

    do: Literal["unsilence"]
    silence: Name


class RunJob(Write):
    """Begin a scheduled job now."""

    do: Literal["run job"]
    job: Name


class ConfigText(Write):
    """The configuration's file as it is now. There may be passwords in it: it is for who may change it."""

    do: Literal["config"]


class SaveConfig(Write):
    """Save the configuration in the place of what was seen; ``digest`` None: there was no file."""

    do: Literal["save config"]
    digest: Name | None
    modified_ns: int
    text: Text


Request = (
    Hello | SnapshotNow | Subscribe | Test | Reset | Isolate | Probe | StartPlan | PlanOf | StartSync | ReportOf | Hold
    | LetGo | WatchBilling | Errors | Changes | Run | Find | Found | SetActive | Extend | Kick | SilenceAlerts
    | UnsilenceAlerts | RunJob | ConfigText | SaveConfig | ChartOf | OfBilling | OfNewcomer | OfStability
)  # fmt: skip
_ADAPTER: Final[TypeAdapter[Request]] = TypeAdapter(Annotated[Request, Field(discriminator="do")])
_HALF_A_LETTER: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Surrogates, but for those that stand for a byte of a router's name that is no letter."""
WORDS: Final = tuple(kind.model_fields["do"].annotation.__args__[0] for kind in Request.__args__)
"""Everything that may stand in ``do``."""


def parse(text: bytes) -> Request:
    """Return the request of a line.

    Raises:
        Refusal: It is none, or none of this version.
    """
    try:
        document = json.loads(text)
        has_half_a_letter = _HALF_A_LETTER.search(json.dumps(document, ensure_ascii=False)) is not None
    except (ValueError, RecursionError):
        raise Refusal("no line of JSON") from None
    if not isinstance(document, dict):
        raise Refusal("no JSON object")
    number = document.get("id")
    number = number if isinstance(number, int) and not isinstance(number, bool) else None
    if has_half_a_letter:
        raise Refusal("there is half a letter in it, which nothing can keep", number=number)
    version = document.pop("v", None)
    if version != VERSION or isinstance(version, bool):
        words = f"this mktui speaks version {VERSION} of the control protocol, not {_cut(version)}"
        raise Refusal(words, number=number, kind=OTHER_VERSION)
    try:
        return _ADAPTER.validate_python(document)
    except ValidationError as error:
        raise Refusal(_in_words(error, document), number=number) from None


def _in_words(error: ValidationError, document: dict[str, Any]) -> str:  # Any: JSON
    """Say what is wrong with a request; its values may be secrets and are not said."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"].startswith("union_tag"):
        return (
            f"do is none of the {len(WORDS)} that there are, such as {', '.join(WORDS[:5])}"
            if "do" in document
            else "do is missing"
        )
    where = ".".join(_cut(part) for part in first["loc"][1:])
    return f"{where or 'it'}: {first['msg']}"


def _cut(value: object) -> str:
    text = ascii(value) if not isinstance(value, str) else ascii(value)[1:-1]
    return text if len(text) <= 40 else f"{text[:39]}…"
