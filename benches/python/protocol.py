"""How a bench is run, and when its figure counts.

A row is one piece of work with several candidates: ours and the peers.  Their outputs are compared
before anything is timed.  Then come rounds: in each, every candidate runs for at least 0.2 s, in an order
that turns by one each round, so that a slow spell of the machine falls on all.  A candidate's figure is the
median of its rounds, its spread the distance between the quartiles over that median.  A ratio is the peer's
median over ours: above 1 we are faster.  Where the peer's own spread, or ours, is wider than the ratio's
distance from 1, the row says "not resolved here".
"""

import dataclasses
import statistics
import time
from collections.abc import Callable

import numpy as np

ROUNDS = 7
ROUND_SECONDS = 0.2


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One way of doing a row's work: `run` does it once, `output` returns what it computed.

    `may_differ` is the share of elements in which a peer that rounds otherwise (it fuses or reorders) may
    differ from ours, where the work magnifies rounding.  `beside` is the place of the candidate of ours that its
    time is held against: one with its own place is a second of ours.
    """

    name: str
    run: Callable[[], object]
    output: Callable[[], np.ndarray]
    may_differ: float = 0.0
    beside: int = 0


@dataclasses.dataclass(frozen=True)
class Row:
    """One piece of work.  The first candidate is ours; `rtol` is how close the outputs of all must be to its (0: equal).

    `pause` is how many seconds are waited before a candidate's round, so that threads of the one before have gone to sleep.
    """

    name: str
    candidates: tuple[Candidate, ...]
    work: int  # elements a run, for the time per element
    rtol: float = 0.0
    pause: float = 0.0


@dataclasses.dataclass(frozen=True)
class Figure:
    """Seconds a run: the median of the rounds, and the quartiles' distance over it."""

    median: float
    spread: float


class OutputsDiffer(Exception):
    """Two candidates of a row do not compute the same; their times would mean nothing."""


def compare(row):
    """Runs each candidate once (which compiles) and holds its output against ours."""
    for candidate in row.candidates:
        candidate.run()
    ours = np.asarray(row.candidates[0].output())
    for peer in row.candidates[1:]:
        theirs = np.asarray(peer.output())
        if ours.shape != theirs.shape:
            raise OutputsDiffer(f"{row.name}: {peer.name} has shape {theirs.shape}, ours {ours.shape}")
        unequal = ours != theirs if row.rtol == 0.0 else ~np.isclose(ours, theirs, rtol=row.rtol, atol=0.0)
        differing = np.mean(unequal) if ours.size else 0.0
        if differing > peer.may_differ:
            raise OutputsDiffer(
                f"{row.name}: {peer.name} differs from {row.candidates[0].name} in {differing:.3%} of the elements"
            )


def runs_a_round(candidate):
    """How many runs fill a round."""
    runs = 1
    while True:
        start = time.perf_counter()
        for _ in range(runs):
            candidate.run()
        elapsed = time.perf_counter() - start
        if elapsed >= ROUND_SECONDS:
            return runs
        runs = max(runs + 1, min(runs * 10, int(runs * 1.2 * ROUND_SECONDS / max(elapsed, 1e-9))))


def figure(samples):
    low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
    return Figure(median, (high - low) / median)


def measure(row, rounds=ROUNDS):
    """The figure of each candidate of `row`, in their order."""
    compare(row)
    candidates = list(enumerate(row.candidates))
    runs = [runs_a_round(candidate) for _, candidate in candidates]
    samples = [[] for _ in candidates]
    for turn in range(rounds):
        shift = turn % len(candidates)
        for place, candidate in candidates[shift:] + candidates[:shift]:
            time.sleep(row.pause)
            start = time.perf_counter()
            for _ in range(runs[place]):
                candidate.run()
            samples[place].append((time.perf_counter() - start) / runs[place])
    return [figure(of_one) for of_one in samples]


def verdict(ours, peer):
    """The peer's time over ours, or that this machine cannot tell."""
    ratio = peer.median / ours.median
    margin = max(ratio, 1.0 / ratio) - 1.0
    if max(peer.spread, ours.spread) > margin:
        return f"not resolved here ({ratio:.2f}x)"
    return f"{ratio:.2f}x"


def seconds(value):
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if value * scale >= 1.0:
            return f"{value * scale:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def table(rows_and_figures):
    """A Markdown table of rows with their figures."""
    lines = [
        "| work | candidate | median | spread | an element | its time over ours |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for row, figures in rows_and_figures:
        for place, (candidate, one) in enumerate(zip(row.candidates, figures, strict=True)):
            name = row.name if place == 0 else ""
            ratio = "" if place == candidate.beside else verdict(figures[candidate.beside], one)
            each = seconds(one.median / row.work) if row.work > 1 else ""
            lines.append(f"| {name} | {candidate.name} | {seconds(one.median)} | {one.spread:.1%} | {each} | {ratio} |")
    return "\n".join(lines)
