"""The numbers and claims of lesson 05's part on many devices."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import torch
from torch import nn
from torch.distributed.constants import default_pg_timeout
from torch.utils.data import DistributedSampler
from torchvision.models import get_model

from course_utils.checks.lesson05_many import check_plan_run
from tests.lesson_functions import cell_with, code_cells, functions_of
from tests.many_script import lesson_script


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    names = ("shares", "make_network", "learning_rate", "bytes_sent")
    return functions_of("05", *names)


def test_ten_pictures_for_three_ranks_repeat_the_first_two(
    lesson: dict[str, Any],
) -> None:
    dealt = lesson["shares"](10, 3, shuffle=False)
    assert [share[-1] for share in dealt] == [9, 0, 1]


def test_without_set_epoch_every_epoch_is_the_same() -> None:
    sampler: DistributedSampler[int] = DistributedSampler(range(10), 3, 0)
    first = list(sampler)
    assert list(sampler) == first
    sampler.set_epoch(1)
    assert list(sampler) != first


def test_mean_of_means_weighs_three_pictures_three_times() -> None:
    values = torch.arange(12.0).requires_grad_()
    ((values[:9].mean() + values[9:].mean()) / 2).backward()
    assert values.grad is not None
    assert values.grad[9] / values.grad[0] == pytest.approx(3)


def test_ways_part_with_the_rate(capsys: pytest.CaptureFixture[str]) -> None:
    """One long step is nearly two short ones, as long as the rate is small."""
    cells = code_cells("05")
    first = next(k for k, cell in enumerate(cells) if "def make_network" in cell)
    last = next(k for k, cell in enumerate(cells) if "def moved" in cell)
    names: dict[str, Any] = {"seed": 0, "checks": _Unchecked()}
    imports = "import torch, torch.nn.functional as F\nfrom torch import Tensor, nn\n"
    drawn = "from course_utils.drawn import draw_dataset"
    for source in (imports, drawn, *cells[first : last + 1]):
        exec(source, names)
    lines = capsys.readouterr().out.splitlines()
    apart = [float(line.split()[-2].rstrip("%")) for line in lines if "apart" in line]
    assert apart == sorted(apart)
    assert apart[0] < 3
    assert apart[-1] > 50


class _Unchecked:
    def __getattr__(self, name: str) -> Any:
        return lambda answer: None


def test_warm_up_climbs_from_one_rate_to_all(lesson: dict[str, Any]) -> None:
    rate = lesson["learning_rate"]
    assert [rate(step, 2) for step in (0, 5, 10, 99)] == pytest.approx(
        [0.02, 0.03, 0.04, 0.04]
    )


def test_cifar10_on_eight_ranks_has_98_steps() -> None:
    assert check_plan_run.reference(50_000, 8, 64, 0.1)["steps"] == 98
    assert check_plan_run.reference(50_000, 1, 64, 0.1)["steps"] == 782


def test_601_pictures_are_dealt_as_the_prose_says(lesson: dict[str, Any]) -> None:
    assert [len(share) for share in lesson["shares"](601, 2)] == [301, 301]
    left_out = set()
    for epoch in range(3):
        first, second = lesson["shares"](601, 2, epoch, drop_last=True)
        (left,) = set(range(601)) - {*first, *second}
        left_out.add(left)
    assert len(left_out) == 3  # another one in every epoch


def test_resnet50_on_an_office_network_talks_more_than_a_second(
    lesson: dict[str, Any],
) -> None:
    with torch.device("meta"):
        network = get_model("resnet50")
    parameters = sum(weights.numel() for weights in network.parameters())
    assert parameters == 25_557_032
    assert f"{parameters:_}" in cell_with("05", "def bytes_sent")
    assert 1.0 < lesson["bytes_sent"](parameters, 8) / 0.125e9 < 1.5


def test_gloo_waits_half_an_hour_by_default() -> None:
    assert default_pg_timeout == timedelta(minutes=30)


def test_batch_norm_sees_its_own_half_only() -> None:
    images = torch.rand(12, 3, 4, 4)
    means = []
    for part in (images[:6], images):
        norm = nn.BatchNorm2d(3, momentum=1.0)
        norm(part)
        means.append(norm.running_mean)
    own, joint = means
    assert own is not None
    assert joint is not None
    assert not torch.allclose(own, joint)


def test_script_is_short_enough_to_be_read() -> None:
    written = [line for line in lesson_script().splitlines() if line.strip()]
    assert len(written) <= 140
