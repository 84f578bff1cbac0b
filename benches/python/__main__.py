"""`python -m benches.python [NAME ...]`: runs the benches named, or all; prints tables and writes them to benches/results."""

import argparse
import importlib
import os
import pathlib

from benches.python import machine

IN_PROCESS = (
    "ufuncs",
    "mandelbrot",
    "add",
    "black_scholes",
    "collatz",
    "math",
    "kernels",
    "call_overhead",
    "blas",
    "fft",
    "rand",
)
FRESH = ("import_time", "first_call")


def main():
    parser = argparse.ArgumentParser(prog="python -m benches.python", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*IN_PROCESS, *FRESH, []], metavar="NAME", help=", ".join(IN_PROCESS + FRESH))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="threads of every library")
    parser.add_argument("--rounds", type=int, help="rounds of each row (default and least that counts: 7)")
    parser.add_argument("--only", default="", help="only the rows whose name holds this; no table is written")
    parser.add_argument("--into", help="name of the table's file, for one bench (default: the bench's own)")
    options = parser.parse_args()
    if options.into and len(options.names) != 1:
        parser.error("--into takes one bench")
    machine.pin_threads(options.threads)

    # These import the libraries, whose threads are pinned by now.
    from benches.python import fresh, protocol

    head = machine.description(options.threads)
    print(head, flush=True)
    results = pathlib.Path(__file__).resolve().parent.parent / "results"
    results.mkdir(exist_ok=True)
    for name in options.names or IN_PROCESS + FRESH:
        if name in FRESH:
            table = getattr(fresh, name)()
            note = f"{fresh.PROCESSES} fresh processes each, by turns, with an empty cache directory."
        else:
            rows = (row for row in importlib.import_module(f"benches.python.{name}").rows() if options.only in row.name)
            rounds = options.rounds or protocol.ROUNDS
            table = protocol.table([(row, protocol.measure(row, rounds)) for row in rows])
            note = f"{rounds} rounds of at least {protocol.ROUND_SECONDS} s each, by turns; outputs compared first."
        print(f"\n## {name}\n\n{table}", flush=True)
        if options.only:
            continue
        (results / f"{options.into or name}.md").write_text(f"# {name}\n\n{head}\n- {note}\n\n{table}\n")


if __name__ == "__main__":
    main()
