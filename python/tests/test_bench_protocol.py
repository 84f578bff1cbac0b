"""When a bench's figure counts: the protocol's own rules, on candidates whose times are known."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
try:
    from benches.python import fresh, machine, protocol
finally:
    sys.path.pop(0)


def candidate(name, output, may_differ=0.0, log=None):
    return protocol.Candidate(name, lambda: log is not None and log.append(name), lambda: np.asarray(output), may_differ)


def test_verdict_needs_a_margin_wider_than_either_spread():
    ours = protocol.Figure(1.0, 0.01)
    assert protocol.verdict(ours, protocol.Figure(2.0, 0.05)) == "2.00x"
    assert protocol.verdict(ours, protocol.Figure(0.5, 0.05)) == "0.50x"
    assert protocol.verdict(ours, protocol.Figure(1.04, 0.05)).startswith("not resolved here")
    assert protocol.verdict(ours, protocol.Figure(0.97, 0.05)).startswith("not resolved here")
    assert protocol.verdict(protocol.Figure(1.0, 0.5), protocol.Figure(1.3, 0.01)).startswith("not resolved here")


def test_outputs_are_compared_before_anything_is_timed():
    log = []
    row = protocol.Row("sum", (candidate("ours", [1, 2], log=log), candidate("peer", [1, 3], log=log)), 2)
    with pytest.raises(protocol.OutputsDiffer, match="sum: peer differs from ours in 50"):
        protocol.measure(row)
    assert log == ["ours", "peer"]
    with pytest.raises(protocol.OutputsDiffer, match="shape"):
        protocol.compare(protocol.Row("sum", (candidate("ours", [1, 2]), candidate("peer", [1, 2, 3])), 2))


def test_outputs_may_differ_as_far_as_the_row_says():
    ours, near = candidate("ours", [1.0, 2.0]), candidate("peer", [1.0 + 1e-12, 2.0])
    with pytest.raises(protocol.OutputsDiffer):
        protocol.compare(protocol.Row("r", (ours, near), 2))
    protocol.compare(protocol.Row("r", (ours, near), 2, rtol=1e-9))
    protocol.compare(protocol.Row("r", (ours, candidate("peer", [1.0, 9.0], may_differ=0.5)), 2))


def test_candidates_take_turns_and_the_order_turns(monkeypatch):
    monkeypatch.setattr(protocol, "ROUND_SECONDS", 0.0)
    log = []
    row = protocol.Row("r", tuple(candidate(name, [0], log=log) for name in "abc"), 1)
    figures = protocol.measure(row, rounds=3)
    assert "".join(log) == "abc" + "abc" + "abcbcacab"  # compared, calibrated, three rounds
    assert all(figure.median > 0 for figure in figures)


def test_threads_cannot_be_pinned_after_numpy_is_imported():
    with pytest.raises(RuntimeError, match="numpy"):
        machine.pin_threads(1)


def test_table_names_each_row_once():
    row = protocol.Row("work", (candidate("ours", [0]), candidate("peer", [0])), 10)
    text = protocol.table([(row, [protocol.Figure(1e-3, 0.01), protocol.Figure(2e-3, 0.02)])])
    assert text.splitlines()[2:] == [
        "| work | ours | 1 ms | 1.0% | 100 us |  |",
        "|  | peer | 2 ms | 2.0% | 200 us | 2.00x |",
    ]


def test_a_fresh_sample_has_an_empty_private_cache():
    program = (
        "import os, stat\n"
        "folder = os.environ['VERDIGRIS_CACHE_DIR']\n"
        "assert os.listdir(folder) == [] and stat.S_IMODE(os.stat(folder).st_mode) == 0o700\n"
        "assert os.environ['VERDIGRIS_CPU'] == 'haswell'\n"
        "print(0.25)\n"
    )
    assert fresh.sample(program, cpu="haswell") == 0.25
