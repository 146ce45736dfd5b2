"""Coalesces calls: while one call is under way, further questions wait and share the next call."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from contextvars import Context
from typing import Any, Generic, TypeAlias, TypeVar

Key = TypeVar("Key", bound=Hashable)
Question = TypeVar("Question")
Answer = TypeVar("Answer")

_Asked: TypeAlias = tuple[Question, asyncio.Future[Answer] | None]


class Coalescer(Generic[Key, Question, Answer]):
    """Asks several questions about one key in a single call.

    A question asked while no call is under way goes out at once, alone. Every question belongs to a call that begins
    after it was asked, so an answer is never older than its question.
    """

    def __init__(
        self,
        ask: Callable[[Key, Sequence[Question]], Awaitable[Sequence[Answer]]],
        *,
        questions_max: int,
        pause_seconds: Callable[[], float] = lambda: 0.0,
        unwanted: Callable[[Question, Answer], None] | None = None,
        answers_per_turn: int | None = None,
    ) -> None:
        """Set up with no call under way.

        Args:
            ask: Makes a call. It returns one answer per question, in order, or raises for all of them.
            questions_max: The most questions in one call.
            pause_seconds: Returns the minimum time between the start of a call that was shared and the start of the
                next one, so that more questions share it. Someone who asks alone, one question after another, never
                waits for it.
            unwanted: Receives the answers for callers who were cancelled while they waited, in case an answer must be
                undone.
            answers_per_turn: How many answers are delivered between two turns of the event loop; None for all of them.
                Each caller who gets an answer runs in the next turn. With sixty in every turn, a reservation, which
                needs a dozen turns, would wait for hundreds of readers.
        """
        self._ask = ask
        self._questions_max = questions_max
        self._pause_seconds = pause_seconds
        self._unwanted = unwanted
        self._answers_per_turn = answers_per_turn
        self._waiting: dict[Key, deque[_Asked[Question, Answer]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, key: Key, question: Question) -> Answer:
        """Ask, and wait for the answer."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._put(key, question, answer)
        try:
            return await answer
        except asyncio.CancelledError:
            # The answer may have arrived just as the caller was cancelled. Reading a failure marks it as retrieved.
            answered = answer.done() and not answer.cancelled() and answer.exception() is None
            if answered and self._unwanted is not None:
                self._unwanted(question, answer.result())
            raise

    def tell(self, key: Key, question: Question) -> None:
        """Have a question asked soon, without waiting for the answer."""
        self._put(key, question, None)

    async def finish(self, *, seconds_max: float) -> None:
        """Wait until everything asked so far has been answered, for at most `seconds_max`."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds_max)

    def _put(self, key: Key, question: Question, answer: asyncio.Future[Answer] | None) -> None:
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append((question, answer))
            return
        self._waiting[key] = deque([(question, answer)])
        # The task serves everyone who asks, so it must not log under one caller's request id.
        task = asyncio.create_task(self._drain(key), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, key: Key) -> None:
        waiting = self._waiting[key]
        loop = asyncio.get_running_loop()
        try:
            while waiting:
                next_at = loop.time() + self._pause_seconds()
                together = self._take(waiting)
                if together:
                    await self._ask_together(key, together)
                if len(together) > 1 and loop.time() < next_at:
                    await asyncio.sleep(next_at - loop.time())
        finally:
            # This also runs if the task is cancelled, so that no caller, present or future, waits for it.
            del self._waiting[key]
            _fail(waiting, asyncio.CancelledError())

    def _take(self, waiting: deque[_Asked[Question, Answer]]) -> list[_Asked[Question, Answer]]:
        """Take the questions for the next call, skipping those whose askers have gone."""
        together: list[_Asked[Question, Answer]] = []
        while waiting and len(together) < self._questions_max:
            asked = waiting.popleft()
            if asked[1] is None or not asked[1].done():
                together.append(asked)
        return together

    async def _ask_together(self, key: Key, together: Sequence[_Asked[Question, Answer]]) -> None:
        try:
            answers = await self._ask(key, [question for question, _ in together])
            answered = list(zip(together, answers, strict=True))
        except Exception as failure:  # noqa: BLE001 - any failure is passed on to those who asked
            _fail(together, failure)
            return
        except asyncio.CancelledError as cancelled:
            _fail(together, cancelled)
            raise
        for count, ((question, future), answer) in enumerate(answered):
            if self._answers_per_turn is not None and count and count % self._answers_per_turn == 0:
                await asyncio.sleep(0)
            if future is None:
                continue
            if not future.done():
                future.set_result(answer)
            elif self._unwanted is not None:
                self._unwanted(question, answer)


def _fail(asked: Iterable[_Asked[Any, Any]], failure: BaseException) -> None:
    for _, future in asked:
        if future is not None and not future.done():
            if isinstance(failure, asyncio.CancelledError):
                future.cancel()
            else:
                future.set_exception(failure)
