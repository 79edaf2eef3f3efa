"""Run independent tasks: here, in processes beside, or on a dask cluster. Results do not depend on which.

Little is imported here: every new process starts with this file.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from importlib.util import find_spec
from multiprocessing import active_children, get_context
from time import perf_counter
from typing import Any, TypeVar

from theory.errors import InputError, require

Result = TypeVar("Result")
Task = tuple[Any, ...]
Progress = Callable[[float], None]

# Measured: a new process needs 1.6 s of processor time before its first point; a point takes 20 ms (static) to 0.4 s (ou).
PATIENCE = 1.0  # seconds of work in this process before others are thought of
WORTH = 5.0  # seconds of work left, as far as the past tells, that are worth starting them
CONNECTING = "10s"  # to a scheduler
_ADDRESS = re.compile(r"dask://([A-Za-z0-9][A-Za-z0-9.-]{0,252}:[0-9]{1,5})")


def check_executor(executor: str, workers: int | None = None) -> None:
    """Refuse an executor that cannot be used.

    Raises
    ------
    InputError
        For anything but ``local`` and ``dask://HOST:PORT``, for dask where it is not installed, and for fewer than one
        worker.
    """
    dask = _ADDRESS.fullmatch(executor) is not None
    missing = dask and find_spec("distributed") is None
    require(
        (dask or executor == "local", f"executor '{executor[:60]}' is unknown; allowed: local, dask://HOST:PORT"),
        (not missing, "an executor dask://HOST:PORT needs the extra dask: pip install 'quenched[dask]'"),
        (workers is None or workers >= 1, f"workers = {workers} is not allowed; at least one is needed"),
    )


def execute(
    function: Callable[..., Result],
    tasks: Sequence[Task],
    *,
    executor: str = "local",
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """``[function(*task) for task in tasks]``, on several processors.

    Parameters
    ----------
    function : callable
        Importable by name, and without side effects.
    tasks : sequence of tuple
    executor : str
        ``local`` or ``dask://HOST:PORT``, the address of a scheduler whose workers have this toolkit installed.
    workers : int, optional
        Local processes; 1 for none beside this one. By default as many as processors, once the first tasks have shown that
        starting them pays.
    progress : callable, optional
        Called with the finished fraction.

    Raises
    ------
    InputError
        For an executor that cannot be used.
    """
    check_executor(executor, workers)
    report = progress or (lambda fraction: None)
    if executor != "local":
        return _on_dask(function, tasks, executor, report)
    processes = workers or os.cpu_count() or 1
    results: list[Result] = []
    start = perf_counter()
    for task in tasks:
        rest, elapsed = len(tasks) - len(results), perf_counter() - start
        paying = elapsed > PATIENCE and elapsed * rest > WORTH * len(results)
        if processes > 1 and rest > 1 and (paying or workers is not None):
            break
        results.append(function(*task))
        report(len(results) / len(tasks))
    before = len(results)

    def report_rest(fraction: float) -> None:
        report((before + fraction * (len(tasks) - before)) / len(tasks))

    return results + _in_processes(function, tasks[before:], processes, report_rest)


def _in_processes(
    function: Callable[..., Result], tasks: Sequence[Task], processes: int, report: Progress
) -> list[Result]:
    """In new processes, which import what they need: a copy of this one could inherit locks of its threads."""
    if not tasks:
        return []
    mine, done = set(active_children()), {}
    pool = ProcessPoolExecutor(min(processes, len(tasks)), get_context("spawn"), _leave_interruption_to_parent)
    try:
        places = {pool.submit(function, *task): k for k, task in enumerate(tasks)}
        for future in as_completed(places):
            done[places[future]] = future.result()
            report(len(done) / len(tasks))
    except BrokenProcessPool:
        warnings.warn(
            "worker processes could not be used, the rest is done in this one; in a script, "
            "keep what is run under if __name__ == '__main__', or say workers=1",
            RuntimeWarning,
            stacklevel=4,
        )
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(active_children()) - mine:
            child.terminate()
        raise
    pool.shutdown()
    return [done[k] if k in done else function(*task) for k, task in enumerate(tasks)]


def _leave_interruption_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _on_dask(function: Callable[..., Result], tasks: Sequence[Task], executor: str, report: Progress) -> list[Result]:
    """On the workers of a scheduler, which must have the same sources."""
    from distributed import Client
    from distributed import as_completed as as_arriving

    from numerics.codegen.cache import toolkit_digest

    try:
        client = Client(f"tcp://{executor.removeprefix('dask://')}", timeout=CONNECTING)
    except (OSError, asyncio.TimeoutError) as error:
        raise InputError(f"no dask scheduler answers at {executor}") from error
    with client:
        try:
            versions = set(client.run(toolkit_digest).values())
        except ImportError as error:
            raise InputError(f"the dask workers at {executor} do not have quenched installed") from error
        if versions != {toolkit_digest()}:
            raise InputError(f"the dask workers at {executor} are missing or run another version of quenched")
        futures = [client.submit(function, *task, pure=False) for task in tasks]
        try:
            for count, _ in enumerate(as_arriving(futures), 1):
                report(count / len(tasks))
            return client.gather(futures)
        except BaseException:
            client.cancel(futures)
            raise
