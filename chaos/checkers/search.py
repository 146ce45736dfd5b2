"""A generic search for a legal order of operations that respects real time (Wing and Gong; Lowe's just-in-time form).

It knows nothing about seats and versions, only call times, return times, and a model that says what a step does.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

from chaos.histories.history import FOREVER

Verdict: TypeAlias = Literal["legal", "illegal", "unknown"]

State = TypeVar("State", bound=Hashable)
Step = TypeVar("Step")
StepTaken_contra = TypeVar("StepTaken_contra", contravariant=True)


class Model(Protocol[State, StepTaken_contra]):
    """The model: states, and what a step does to one."""

    def step(self, state: State, step: StepTaken_contra) -> State | None:
        """Return the next state (the same one if nothing changes), or None if the step is illegal."""
        ...

    def idle_for_good(self, step: StepTaken_contra) -> bool:
        """Return whether a step that is legal now and changes nothing could never change anything later either."""
        ...


@dataclass(frozen=True, slots=True)
class Interval(Generic[Step]):
    """A step that took effect at one instant between its call and its return.

    One that returns at `history.FOREVER` may also have had no effect at all.
    """

    called_ns: int
    returned_ns: int
    step: Step


@dataclass(frozen=True, slots=True)
class Finding(Generic[Step]):
    """The verdict; when illegal, `witness` is the first step that cannot have happened as answered."""

    verdict: Verdict
    witness: Interval[Step] | None = None
    configurations: int = 0
    """How many configurations were visited."""


def search(
    model: "Model[State, Step]", start: State, intervals: Iterable[Interval[Step]], *, configurations_max: int = 20_000
) -> Finding[Step]:
    """Find out whether some order of the steps explains the history.

    The search goes through time once. A configuration is a state and the set of steps in progress that have taken
    effect. When a step returns, every configuration is advanced by steps in progress until that one has taken effect;
    configurations in which it cannot are dropped. A step that is legal and will never change anything is taken at
    once, because taking it later would make no difference.

    Args:
        model: What a step does.
        start: The state before the first step.
        intervals: The history, in any order.
        configurations_max: Limit on the configurations visited for one return; beyond it the search gives up.
    """
    steps = list(intervals)
    # At the same instant calls come before returns, so two steps that touch count as overlapping.
    edges = sorted(
        edge
        for number, interval in enumerate(steps)
        for edge in ((interval.called_ns, 0, number), (interval.returned_ns, 1, number))
        if edge[0] < FOREVER
    )
    walk = _Walk(model, steps, configurations_max)
    configurations: set[tuple[State, frozenset[int]]] = {(start, frozenset())}
    looked_at = 0
    for _, is_return, number in edges:
        if not is_return:
            walk.under_way.add(number)
            continue
        survivors = walk.have_had_effect(configurations, number)
        looked_at += walk.looked_at
        if survivors is None:
            return Finding("unknown", steps[number], looked_at)
        if not survivors:
            return Finding("illegal", steps[number], looked_at)
        walk.under_way.remove(number)
        configurations = {(state, done - {number}) for state, done in survivors}
    return Finding("legal", None, looked_at)


class _Walk(Generic[State, Step]):
    def __init__(self, model: "Model[State, Step]", steps: Sequence[Interval[Step]], configurations_max: int) -> None:
        self._model = model
        self._steps = steps
        self._configurations_max = configurations_max
        self.under_way: set[int] = set()
        self.looked_at = 0

    def have_had_effect(
        self, configurations: set[tuple[State, frozenset[int]]], number: int
    ) -> set[tuple[State, frozenset[int]]] | None:
        """Advance configurations until step `number` has taken effect; None if there are too many."""
        seen: set[tuple[State, frozenset[int]]] = set()
        survivors: set[tuple[State, frozenset[int]]] = set()
        waiting = [self._with_idle_steps(*configuration) for configuration in configurations]
        while waiting:
            configuration = waiting.pop()
            if configuration in seen:
                continue
            seen.add(configuration)
            state, done = configuration
            if number in done:
                survivors.add(configuration)
                continue
            if len(seen) > self._configurations_max:
                self.looked_at = len(seen)
                return None
            for other in self.under_way - done:
                after = self._model.step(state, self._steps[other].step)
                if after is not None:
                    waiting.append(self._with_idle_steps(after, done | {other}))
        self.looked_at = len(seen)
        return survivors

    def _with_idle_steps(self, state: State, done: frozenset[int]) -> tuple[State, frozenset[int]]:
        """Add the steps in progress that are legal in `state` and will never change anything."""
        model, steps = self._model, self._steps
        idle = [
            other
            for other in self.under_way - done
            if model.step(state, steps[other].step) == state and model.idle_for_good(steps[other].step)
        ]
        return state, done.union(idle) if idle else done
