"""Hands submissions to workers: those of this machine, or of a Dask cluster."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import Any

from tools.grading import workshop
from tools.grading.jobs import Job, Report, from_dict, not_graded
from tools.grading.outline import Outline, version

_PATIENCE = 60  # seconds until a cluster far away must have answered


class ClusterError(Exception):
    """There is no cluster at the address, or it has no workers."""


def run(
    outline: Outline, jobs: Mapping[str, Job], *, scheduler: str, workers: int
) -> Iterator[tuple[str, Report]]:
    """Grade jobs and yield each one's name and report as soon as it is there.

    A job that no worker survives gets a report that says so.

    Args:
        outline: The lesson's.
        jobs: By a name of their own.
        scheduler: Address of a cluster, such as ``tcp://10.0.0.5:8786``; empty for one
            on this machine.
        workers: Number of processes on this machine.

    Raises:
        ClusterError: If the cluster cannot be used.
    """
    from distributed import as_completed

    waiting = iter(jobs.items())
    names: dict[str, str] = {}
    with connected(scheduler, workers) as client:

        def submit(job: Job) -> Any:
            texts = (outline.to_json(), job.to_json(), version())
            return client.submit(grade, *texts, pure=False)

        def begin(count: int) -> None:
            for name, job in islice(waiting, count):
                future = submit(job)
                names[future.key] = name
                running.add(future)

        lost = []
        running = as_completed()
        try:
            begin(2 * sum(client.nthreads().values()))
            for future in running:
                begin(1)
                name, report = names.pop(future.key), _result(outline, future)
                if report.final:
                    yield name, report
                else:
                    lost.append(name)
            # one by one: what ends its worker takes no neighbour along this time
            for name in lost:
                yield name, _result(outline, submit(jobs[name]))
        finally:
            client.run(workshop.close_shared, on_error="ignore")


def grade(outline: str, job: str, wanted: str) -> dict[str, Any]:
    """Grade one job in this process's workshop; what a worker runs.

    Raises:
        ClusterError: If this worker's checkout would grade in another way.
    """
    if version() != wanted:
        raise ClusterError("this worker's workbook is of another version")
    shared = workshop.shared_workshop(Outline.from_json(outline))
    return asdict(shared.grade(Job.from_json(job)))


def _result(outline: Outline, future: Any) -> Report:
    try:
        return from_dict(future.result())
    except Exception as error:
        problem = f"No worker could grade it: {type(error).__name__}: {error}"
        report = not_graded(outline, problem[:500])
        report.final = False  # perhaps it was not its fault: the next run tries again
        return report


@contextmanager
def connected(scheduler: str, workers: int) -> Iterator[Any]:
    """Connect to a cluster; to one of this machine, made for the purpose, if empty.

    Raises:
        ClusterError: If there is no answer from the address.
    """
    import dask
    from distributed import Client, LocalCluster

    if scheduler:
        with _far_away(scheduler) as client:
            yield client
        return
    # a machine with much to do is slow, not lost
    patient = {
        "distributed.scheduler.worker-ttl": None,
        "distributed.comm.timeouts.connect": "300s",
        "distributed.deploy.lost-worker-timeout": "300s",
    }
    with (
        dask.config.set(patient),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _far_away(scheduler: str) -> Any:
    from distributed import Client

    try:
        client = Client(scheduler, timeout=_PATIENCE)
        client.wait_for_workers(1, timeout=_PATIENCE)
    except OSError as error:  # a time-out is one too
        raise ClusterError(
            f"{scheduler}: no Dask cluster with a worker answered within {_PATIENCE} s "
            f"({error}); see docs/grading.md for how to start one"
        ) from error
    return client
