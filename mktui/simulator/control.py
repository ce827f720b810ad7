"""What may be told to simulated routers while they run, a line at a time: on stdin, or from a script.

``[ROUTER:] VERB ARGUMENTS [rate SHARE] [times N] [at SECONDS] [for SECONDS]``; without a router's name, all of them.
A line is read (pure) into an order, and the director carries it out, now or later, and takes it back after a while.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import anyio

from mktui import clock
from mktui.simulator.faults import CutMoment, FaultRule, Faults, Mishap, ReplyFault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from anyio.abc import TaskGroup

    from mktui.simulator.faults import What
    from mktui.simulator.fleets import Served

    Undo = Callable[[], None]


class ControlError(Exception):
    """A line that cannot be obeyed; says why and what could be said."""


@dataclass(frozen=True, slots=True)
class Order:
    """One line. Times are seconds; ``after`` 0: now; ``lasts`` None: until it is taken back."""

    verb: str
    arguments: tuple[str, ...] = ()
    router: str = ""
    rate: float = 1.0
    times: int | None = None
    after: float = 0.0
    lasts: float | None = None


def parse(line: str) -> Order | None:
    """Read a line; None: it is empty or a comment.

    Raises:
        ControlError: Nothing of that name can be ordered, or a number is none.
    """
    words = line.partition("#")[0].split()
    if not words:
        return None
    order = Order("")
    if words[0].endswith(":"):
        order = replace(order, router=words.pop(0)[:-1])
    if not words or words[0] not in _VERBS:
        raise ControlError(f"{' '.join(words[:1]) or 'nothing'!s} cannot be ordered; there are: {', '.join(_VERBS)}")
    verb, rest, plain = words[0], words[1:], []
    while rest:
        word = rest.pop(0)
        if word in _CLAUSES:
            order = _clause(order, word, rest)
        else:
            plain.append(word)
    _, least, most, usage = _VERBS[verb]
    if not least <= len(plain) <= most:
        raise ControlError(f"say: {verb} {usage}".rstrip())
    order = replace(order, verb=verb, arguments=tuple(plain))
    if verb not in _BY_CHANCE and (order.rate < 1 or order.times is not None):
        raise ControlError(f"{verb} takes neither rate nor times; these do: {', '.join(_BY_CHANCE)}")
    _check(order)
    return order


def _check(order: Order) -> None:
    """Refuse now what could not be carried out at its time."""
    given = order.arguments
    match order.verb:
        case "cut" | "reply":
            _named(_KINDS[order.verb], order)
        case "latency" | "reorder":
            _number(given[0], order.verb)
        case "slow":
            _number(given[1], order.verb)
        case "reboot" if given:
            _number(given[0], order.verb)
        case "network":
            _spoilt_network(order)
        case verb if verb in _SWITCHES and given and given[0] not in {"on", "off"}:
            raise ControlError(f"say: {verb} {_VERBS[verb][3]}")


def _clause(order: Order, word: str, rest: list[str]) -> Order:
    if not rest:
        raise ControlError(f"{word} wants a number after it")
    number = _number(rest.pop(0), word)
    if word == "times":
        return replace(order, times=int(number))
    if word == "rate":
        if number > 1:
            raise ControlError(f"rate is a share from 0 to 1, not {number:g}")
        return replace(order, rate=number)
    return replace(order, after=number) if word == "at" else replace(order, lasts=number)


def _number(text: str, what: str) -> float:
    try:
        number = float(text.removesuffix("s"))
    except ValueError:
        raise ControlError(f"{what} wants a number, not {text}") from None
    if not 0 <= number < float("inf"):
        raise ControlError(f"{what} wants a number from 0 on, not {text}")
    return number


class Director:
    """Carries orders out on some routers. ``tasks`` runs what comes later, and ``done`` hears of it then."""

    def __init__(
        self, served: Sequence[Served], tasks: TaskGroup, done: Callable[[Order, str], None] | None = None
    ) -> None:
        self._served = served
        self._tasks = tasks
        self._done = done

    def obey(self, order: Order) -> str:
        """Carry an order out, now or at its time; returns what there is to say.

        Raises:
            ControlError: It cannot be done.
        """
        chosen = [each for each in self._served if order.router in {"", each.router.profile.name}]
        if not chosen:
            names = ", ".join(each.router.profile.name for each in self._served)
            raise ControlError(f"no router is called {order.router}; there are: {names}")
        if order.verb == "network" and any(each.proxy is None for each in chosen):
            raise ControlError("there is no network to spoil: start with --bad-network")
        if order.after:
            self._tasks.start_soon(self._later, order)
            return f"in {order.after:g} s"
        said = []
        for served in chosen:
            answer = _VERBS[order.verb][0](served, order)
            if isinstance(answer, str):
                said.append(answer)
            elif answer is not None and order.lasts is not None:
                self._tasks.start_soon(_undo_later, order.lasts, answer)
        return "; ".join(said)

    async def _later(self, order: Order) -> None:
        await anyio.sleep(order.after)
        said = self.obey(replace(order, after=0.0))
        if self._done is not None:
            self._done(order, said)


async def _undo_later(seconds: float, undo: Undo) -> None:
    await anyio.sleep(seconds)
    undo()


def _down(served: Served, order: Order) -> Undo:
    undo = _switch(served, order)
    if order.rate == 1 and order.times is None:
        served.router.drop_sessions()
    return undo


def _up(served: Served, _order: Order) -> None:
    served.router.faults.is_down = False
    served.router.down_until = 0.0


def _switch(served: Served, order: Order) -> Undo:
    """Turn a mishap on or off for all; one that befalls only some, or some times, is a rule."""
    mishap, name = _SWITCHES[order.verb]
    if order.rate < 1 or order.times is not None:
        return _rule(served, replace(order, arguments=()), mishap)
    is_on = order.arguments[:1] != ("off",)
    setattr(served.router.faults, name, is_on)
    return lambda: setattr(served.router.faults, name, not is_on)


def _seconds(name: str) -> Callable[[Served, Order], Undo]:
    def turn(served: Served, order: Order) -> Undo:
        setattr(served.router.faults, name, _number(order.arguments[0], order.verb))
        return lambda: setattr(served.router.faults, name, 0.0)

    return turn


def _slow(served: Served, order: Order) -> Undo:
    path = order.arguments[0]
    served.router.faults.slow[path] = _number(order.arguments[1], order.verb)
    return lambda: (served.router.faults.slow.pop(path, None), None)[1]


def _cut(served: Served, order: Order) -> Undo:
    return _rule(served, order, _named(CutMoment, order))


def _reply(served: Served, order: Order) -> Undo:
    return _rule(served, order, _named(ReplyFault, order))


def _named(kind: type[CutMoment | ReplyFault], order: Order) -> What:
    named = {each.name.lower().replace("_", "-"): each for each in kind}
    if order.arguments[0] not in named:
        raise ControlError(f"{order.verb} what? There are: {', '.join(named)}")
    return named[order.arguments[0]]


_KINDS: Final[dict[str, type[CutMoment | ReplyFault]]] = {"cut": CutMoment, "reply": ReplyFault}
_SWITCHES: Final = {
    "down": (Mishap.DOWN, "is_down"),
    "silent": (Mishap.SILENT, "is_silent"),
    "refuse-logins": (Mishap.LOGIN_REFUSED, "refuse_logins"),
    "ignore-logins": (Mishap.LOGIN_IGNORED, "ignore_logins"),
    "accept-and-close": (Mishap.CLOSED, "accept_and_close"),
}
_BY_CHANCE: Final = (*_KINDS, *_SWITCHES)
"""Verbs that may befall a share of what there is, or so many of it."""


def _rule(served: Served, order: Order, what: What) -> Undo:
    path = order.arguments[1] if len(order.arguments) > 1 else "*"
    rule = FaultRule(what, path, order.rate, order.times)
    rules = served.router.faults.rules
    rules.append(rule)
    return lambda: rules.remove(rule) if rule in rules else None


def _network(served: Served, order: Order) -> Undo:
    proxy = served.proxy
    assert proxy is not None, "asked before"
    ways, settings = _spoilt_network(order)
    for way in ways:
        for name, value in settings.items():
            setattr(getattr(proxy, way), name, value)
    return proxy.clear


def _spoilt_network(order: Order) -> tuple[tuple[str, ...], dict[str, object]]:
    """Return in which directions the network is to be spoilt, and how."""
    name, values = order.arguments[0], order.arguments[1:]
    if name not in _NETWORK:
        raise ControlError(f"network what? There are: {', '.join(_NETWORK)}")
    ways, settings = _NETWORK[name]
    wants = any(value in {int, float} for value in settings.values())
    if wants != bool(values):
        raise ControlError(f"say: network {name}{' NUMBER' if wants else ''}")
    number = _number(values[0], name) if wants else 0.0
    return ways, {
        each: int(number) if value is int else number if value is float else value for each, value in settings.items()
    }


_BOTH: Final = ("to_router", "to_client")
_OUT: Final = ("to_router",)
_BACK: Final = ("to_client",)
_NETWORK: Final[dict[str, tuple[tuple[str, ...], dict[str, object]]]] = {
    "latency": (_BOTH, {"latency": float}),
    "jitter": (_BOTH, {"jitter": float}),
    "black-hole": (_BOTH, {"swallows": True}),
    "black-hole-to-router": (_OUT, {"swallows": True}),
    "black-hole-to-client": (_BACK, {"swallows": True}),
    "byte-by-byte": (_BACK, {"chunk_bytes": 1}),
    "drip": (_BACK, {"chunk_bytes": 1, "pause": float}),
    "zero-window": (_OUT, {"is_blocked": True}),
    "cut-after": (_BACK, {"cut_after": int}),
    "reset-after": (_BACK, {"cut_after": int, "resets": True}),
    "control-byte": (_BACK, {"inject": b"\xf8"}),
    "huge-length": (_BACK, {"inject": b"\xf0\xff\xff\xff\xff"}),
}
"""What a network may do: in which directions, and what the proxy's switches are set to; a type: to the number given."""


def _drop(served: Served, _order: Order) -> None:
    served.router.drop_sessions()


def _reboot(served: Served, order: Order) -> None:
    served.router.reboot(_number(order.arguments[0], order.verb) if order.arguments else 5.0)


def _dial(served: Served, order: Order) -> str:
    is_in = served.router.traffic.ppp.dial(order.arguments[0], clock.now())
    return f"{order.arguments[0]} is {'connected' if is_in else 'refused: no such secret, or disabled'}"


def _log_in(served: Served, order: Order) -> str:
    is_in = served.router.traffic.hotspot.log_in(order.arguments[0], clock.now())
    return f"{order.arguments[0]} is {'logged in' if is_in else 'refused: no such user, or disabled'}"


def _clear(served: Served, _order: Order) -> None:
    served.router.faults.clear()
    if served.proxy is not None:
        served.proxy.clear()


def _show(served: Served, _order: Order) -> str:
    router = served.router
    names = ("is_down", "accept_and_close", "refuse_logins", "ignore_logins", "is_silent", "extra_latency", "reorder",
             "slow")  # fmt: skip
    healthy = Faults()
    wrong = [name for name in names if getattr(router.faults, name) != getattr(healthy, name)]
    rules = [f"{rule.what.name.lower()} {rule.path} {rule.rate:g}" for rule in router.faults.rules]
    seen = len(router.faults.seen) + (len(served.proxy.seen) if served.proxy is not None else 0)
    return (
        f"{router.profile.name}: {router.sessions} sessions, {sum(router.commands.values())} commands, "
        f"{seen} faults so far, in force: {', '.join([*wrong, *rules]) or 'none'}"
    )


def _help(_served: Served, _order: Order) -> str:
    return " | ".join(f"{verb} {usage}".strip() for verb, (_, _, _, usage) in _VERBS.items())


_CLAUSES: Final = frozenset({"rate", "times", "at", "for"})
_VERBS: Final[dict[str, tuple[Callable[[Served, Order], Undo | str | None], int, int, str]]] = {
    "down": (_down, 0, 0, ""),
    "up": (_up, 0, 0, ""),
    "silent": (_switch, 0, 1, "[off]"),
    "refuse-logins": (_switch, 0, 1, "[off]"),
    "ignore-logins": (_switch, 0, 1, "[off]"),
    "accept-and-close": (_switch, 0, 1, "[off]"),
    "latency": (_seconds("extra_latency"), 1, 1, "SECONDS"),
    "reorder": (_seconds("reorder"), 1, 1, "SECONDS"),
    "slow": (_slow, 2, 2, "PATH SECONDS"),
    "cut": (_cut, 1, 2, "before|after|inside [PATH]"),
    "reply": (_reply, 1, 2, "FAULT [PATH]"),
    "network": (_network, 1, 2, "FAULT [NUMBER]"),
    "drop": (_drop, 0, 0, ""),
    "reboot": (_reboot, 0, 1, "[SECONDS]"),
    "dial": (_dial, 1, 1, "CUSTOMER"),
    "log-in": (_log_in, 1, 1, "CUSTOMER"),
    "clear": (_clear, 0, 0, ""),
    "show": (_show, 0, 0, ""),
    "help": (_help, 0, 0, ""),
}
"""Verb -> what does it, how many words it wants, and how it is said."""
