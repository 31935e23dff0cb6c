"""Dask: lost workers, workers of another version, clusters that do not answer."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dask
import distributed  # noqa: F401  (it brings the settings that are changed below)
import pytest

from tests.grading_books import outline
from tools.grading import cluster
from tools.grading.cluster import ClusterError
from tools.grading.jobs import Job, Report


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A cluster of one worker, in place of one far away."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        cluster.connected("", workers=1) as client,
    ):
        yield client.scheduler.address


def _run(address: str, *jobs: str) -> dict[str, Report]:
    named = {job: Job(job) for job in jobs}
    return dict(cluster.run(outline(), named, scheduler=address, workers=1))


def _dies_the_first_time(outline_text: str, job: str, wanted: str) -> dict[str, Any]:
    flag = Path(Job.from_json(job).text)
    if not flag.exists():
        flag.touch()
        os._exit(1)
    return asdict(Report(isolation="namespaces"))


def test_what_a_lost_worker_was_grading_goes_to_another(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "grade", _dies_the_first_time)
    flag = str(tmp_path / "flag")
    assert _run(address, flag)[flag].isolation == "namespaces"


def _dies(outline_text: str, job: str, wanted: str) -> dict[str, Any]:
    if Job.from_json(job).text == "deadly":
        os._exit(1)
    return asdict(Report(isolation="namespaces"))


def test_what_no_worker_survives_costs_only_itself(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "grade", _dies)
    reports = _run(address, "one", "deadly", "two", "three")
    deadly = reports.pop("deadly")
    assert "KilledWorker" in deadly.problem
    assert not deadly.final
    assert [report.problem for report in reports.values()] == ["", "", ""]


def test_worker_of_another_version_grades_nothing(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "version", lambda: "newer than the worker's")
    report = _run(address, "one")["one"]
    assert "of another version" in report.problem


def test_cluster_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE", 1)
    with pytest.raises(ClusterError, match="no Dask cluster with a worker"):
        _run("tcp://127.0.0.1:9", "one")
