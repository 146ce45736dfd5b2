"""What the figures of a report mean, in a few lines that are printed below it and stand in the documentation."""

from collections.abc import Sequence

MEANINGS: Sequence[tuple[str, str]] = (
    ("p50, p95, p99", "half of the requests, 95 and 99 in 100 were answered within this time, as the client saw it"),
    ("requests/s, reservations/s", "answers a second; every reservation is durable, and was checked to be stored"),
    ("think time", "users pause between requests: latencies are those of a server that keeps up"),
    ("saturated", "users do not pause: the rate is the most that the machine can do, latencies are those of a queue"),
    ("static floor", "the same server answering constant bytes: what the HTTP stack, the machine and k6 allow at best"),
    ("A ÷ B", "ratio of two measurements taken in turns within one run; the only kind that other machines may share"),
    ("pgbench", "bare transactions on the same PostgreSQL: what the disk and the database allow at best"),
    ("CPU of a reservation", "CPU time of the processes of that role, divided by the answers"),
    ("write transactions", "how many transactions it took to answer all callers"),
    ("change heard", "from when a reservation was due to be sent until the frame that reports it arrived"),
    ("spread", "(max - min) ÷ median over the rounds; a smaller difference than that means nothing"),
    ("goal", "what the figure should be on the machine of the published report; missing it is not an error"),
    ("pace", "CPU time of a fixed piece of work: where it differs between two runs, so do all absolute figures"),
    ("checks", "whether the load did what it claims; one that fails makes the run worthless, and the exit code 1"),
)
"""A word or phrase of the report, and its meaning."""


def lines() -> list[str]:
    """Return the meanings as lines of text, aligned."""
    width = max(len(word) for word, _ in MEANINGS)
    return [f"  {word.ljust(width)}  {meaning}" for word, meaning in MEANINGS]


def table() -> list[str]:
    """Return them as the rows of a Markdown table."""
    return ["| in the report | meaning |", "|---|---|", *(f"| {word} | {meaning} |" for word, meaning in MEANINGS)]
