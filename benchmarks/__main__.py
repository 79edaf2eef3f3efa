"""``python -m benchmarks [--quick] [--only SUBJECT ...] [--json FILE]``: one table of all promises."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from benchmarks.harness import Effort, Row, fresh_cache, table

SUBJECTS = (
    "startup",
    "derivation",
    "accuracy",
    "evaluation",
    "solving",
    "corrections",
    "dynamics",
    "loops",
    "attractor",
    "threshold",
    "commandline",
    "simulator",
    "trajectories",
    "refusal",
)
PREAMBLE = """\
Medians [smallest - largest] over repeats, each promise beside its baseline measured in the same run, by turns where
it can be done. Times drift with the machine and its load; the ratios are what to compare.
"""


def main() -> int:
    """Run the benchmarks; misses are named, but the exit code is 0: a benchmark is not a test."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Every promise against its baseline.")
    parser.add_argument("--quick", action="store_true", help="few repeats, no validation run; under a minute")
    parser.add_argument(
        "--only", nargs="+", choices=SUBJECTS, default=SUBJECTS, metavar="SUBJECT", help=", ".join(SUBJECTS)
    )
    parser.add_argument("--json", metavar="FILE", help="write the rows to a file as well")
    arguments = parser.parse_args()
    os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})  # before NumPy is loaded

    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # child processes find compiled files, as they do once installed

    effort, start = Effort(arguments.quick), perf_counter()
    rows: list[Row] = []
    with fresh_cache():
        for subject in arguments.only:
            print(f"[{perf_counter() - start:5.0f} s] {subject}", file=sys.stderr, flush=True)
            rows += import_module(f"benchmarks.{subject}").rows(effort)
    machine = {
        "python": platform.python_version(),
        **{name: version(name) for name in ("sympy", "mpmath", "numpy", "scipy")},
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "seconds": round(perf_counter() - start),
    }
    print(PREAMBLE)
    print(", ".join(f"{key} {value}" for key, value in machine.items()), end="\n\n")
    print(table(rows))
    if arguments.json:
        Path(arguments.json).write_text(
            json.dumps({"machine": machine, "rows": [r.to_dict() for r in rows]}, indent=2) + "\n"
        )
    return 0


raise SystemExit(main())
