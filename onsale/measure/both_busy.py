"""How fast a core works while the other one does: processors of virtual machines are often threads of one core."""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

_SECONDS = 0.6


def both_busy() -> float:
    """Return the work that each of two processes gets done at once, compared with one alone; at most 1."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(_work, [0.1, 0.1]))  # both have started
        before = pool.submit(_work, _SECONDS).result()
        together = list(pool.map(_work, [_SECONDS, _SECONDS]))
        after = pool.submit(_work, _SECONDS).result()
    return round(min(1.0, sum(together) / (before + after)), 3)


def _work(seconds: float) -> float:
    """Return how many steps of a fixed kind of work are done in a second of this process's CPU time."""
    end, steps = time.thread_time() + seconds, 0
    begin = time.thread_time()
    while time.thread_time() < end:
        steps += sum(range(2_000)) > 0
    return steps / (time.thread_time() - begin)
