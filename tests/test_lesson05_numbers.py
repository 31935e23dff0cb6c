"""The numbers that lesson 05 states on devices, in its prose, hints and quiz."""

import queue
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils import devices
from course_utils.checks import lesson05_devices as checks
from course_utils.checks.lesson05_devices_timing import _WORK, check_seconds_per_call
from course_utils.devices import PHASES, sizes
from course_utils.networks import LectureCNN
from course_utils.questions import lesson05 as questions
from course_utils.recorded import recorded
from tests.lesson_functions import cell_with, functions_of

IMAGES = torch.zeros(2, 3, 32, 32)
NAMES = {
    **{"Callable": Callable, "F": F, "Tensor": Tensor, "nn": nn, "torch": torch},
    **{"devices": devices, "queue": queue, "threading": threading, "time": time},
    "second": torch.device("meta"),
}


def _run(text: str, **names: Any) -> dict[str, Any]:
    """Run the lesson's cell that holds a text; return its names."""
    namespace = {**NAMES, **names}
    exec(cell_with("05", text), namespace)
    return namespace


# moving


def test_module_moves_in_place_and_tensor_does_not() -> None:
    network, images = LectureCNN(), torch.zeros(1, 3, 32, 32)
    assert network.to("meta") is network
    assert images.to("meta") is not images
    assert images.device.type == "cpu"


def test_each_forgotten_tensor_gives_an_error_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    network = LectureCNN().to("meta")
    _run("forgotten", network=network, images=IMAGES, labels=torch.tensor([1, 2]))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all("is not on the expected device" in line for line in lines)


def test_only_the_buffer_arrives(capsys: pytest.CaptureFixture[str]) -> None:
    _run("class Centred", images=IMAGES)
    lines = capsys.readouterr().out.splitlines()
    assert ["arrives on meta" in line for line in lines] == [False, False, True]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_errors_are_worded_as_quoted_on_cuda() -> None:
    logits = torch.zeros(2, 10, device="cuda")
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same"):
        F.cross_entropy(logits, torch.tensor([1, 2]))
    with pytest.raises(RuntimeError, match="should be the same"):
        LectureCNN().cuda()(torch.zeros(1, 3, 32, 32))


# the clock


def test_tiny_device_answers_before_it_is_done() -> None:
    tiny = _run("class TinyDevice")["TinyDevice"]()
    may_go = threading.Event()
    tiny.launch("order", may_go.wait)  # returns, or this test never ends
    assert not tiny.spans
    may_go.set()
    tiny.synchronize()
    assert [(span.row, span.label) for span in tiny.spans] == [("device", "order")]


def test_tiny_device_works_orders_off_in_turn() -> None:
    tiny, done = _run("class TinyDevice")["TinyDevice"](), []
    for number in range(5):
        tiny.launch(str(number), lambda number=number: done.append(number))
    tiny.synchronize()
    assert done == [0, 1, 2, 3, 4]
    ends = [span.end for span in tiny.spans]
    assert ends == sorted(ends)


def test_product_is_about_900_million_operations() -> None:
    assert sizes.matrix_flops(768) == pytest.approx(900e6, rel=0.01)


def test_hints_on_timing() -> None:
    calls = [2 * share for share in _WORK]  # milliseconds
    assert calls == [1.6, 2, 2.4, 18, 2]
    assert statistics.median(calls) == 2
    assert statistics.mean(calls) > 2 * 2
    case = check_seconds_per_call.cases[0].args[1]
    assert (case["launch"], case["work"]) == (10e-6, 0.002)


def test_overlapping_is_at_best_twice_as_fast() -> None:
    gains = [(a + b) / max(a, b) for a in (1, 2, 5, 8) for b in (1, 2, 5, 8)]
    assert max(gains) == 2
    assert all((a + b) / max(a, b) < 2 for a, b in ((1, 2), (8, 5)))


# sizes and transfers


def test_work_of_products_and_convolutions_as_stated() -> None:
    assert sizes.matrix_flops(64) == 4096 * sizes.matrix_flops(4)
    assert (sizes.BATCH, sizes.SIDE, sizes.KERNEL) == (16, 16, 3)
    assert (sizes.MATRIX_SIZES[0], sizes.CHANNELS[0]) == (4, 1)


def test_copies_and_bytes_of_a_batch(capsys: pytest.CaptureFixture[str]) -> None:
    class Data:
        train_images = torch.zeros(128, 3, 32, 32, dtype=torch.uint8)

    _run("CopyCounter(", data=Data)
    one_by_one, floats, in_bytes = capsys.readouterr().out.splitlines()
    assert "128 copies   1,572,864 bytes" in one_by_one
    assert "1 copies   1,572,864 bytes" in floats
    assert "1 copies     393,216 bytes" in in_bytes
    assert 4 * 393_216 == 1_572_864


def test_cifar_10_takes_154_megabytes_as_bytes() -> None:
    assert round(50_000 * 3 * 32 * 32 / 1e6) == 154


def test_white_pixel_of_the_hint() -> None:
    assert (255 / 255 - 0.5) / 0.25 == 2


# recorded runs


def _rates(run: dict[str, Any]) -> dict[int, float]:
    return {p["size"]: p["flops"] / p["seconds"] for p in run["matrix"]}


def test_recorded_rate_is_best_from_a_hundred_rows_on_and_lost_with_tiny_ones() -> None:
    for run in filter(None, recorded("training_sizes").values()):
        rates = _rates(run)
        best = max(rates, key=rates.__getitem__)
        assert best >= 100
        assert rates[4] < 0.05 * rates[best]


def test_recorded_lecture_recipe_takes_several_times_as_long() -> None:
    for run in filter(None, recorded("training_profile").values()):
        totals = [sum(recipe["phases"].values()) for recipe in run["recipes"]]
        assert totals[0] > 3 * totals[-1]


def test_recorded_loader_all_but_vanishes_in_memory() -> None:
    for run in filter(None, recorded("training_profile").values()):
        last = run["recipes"][-1]["phases"]
        assert tuple(last) == PHASES
        assert last["loader"] < 0.1 * sum(last.values())


def test_recordings_name_machine_date_and_data() -> None:
    for name in ("training_sizes", "training_profile"):
        runs = recorded(name)
        assert {"cpu", "cuda"} <= set(runs)
        assert runs["cpu"] is not None
        for run in filter(None, runs.values()):
            assert {"machine", "date", "rounds"} <= set(run)
    assert all("data" in r for r in filter(None, recorded("training_profile").values()))


# the quiz


def test_quiz_answers() -> None:
    answers = [question.correct for question in questions.quiz.questions]
    assert answers == [
        "`images.to(device); labels.to(device)`",
        61,
        692_544,
        "There are 32 times fewer steps of the same size",
        3,
    ]


def test_quiz_question_on_the_crossing() -> None:
    assert questions.crossing(operations_a_value=1) == 77
    (cpu_call, cpu_rate), (gpu_call, _) = questions.CPU, questions.GPU
    assert (gpu_call - cpu_call) * cpu_rate == pytest.approx(450_000)
    assert 2 * 60**3 < 450_000 < 2 * 61**3


def test_quiz_question_on_bytes_names_the_wrong_counts() -> None:
    assert sum(p.numel() for p in LectureCNN().parameters()) == 57_712
    assert [questions.training_bytes(n) for n in (1, 2, 4)] == [
        230_848,
        461_696,
        923_392,
    ]
    assert 3 * 57_712 == 173_136


def test_quiz_question_on_the_sampler() -> None:
    assert questions.IMAGES % 4 == 1
    assert 4 * 2501 == 10_004 == questions.IMAGES + questions.drawn_twice()


def test_worked_answers_of_the_lesson_are_right() -> None:
    found = functions_of("05", "step_anywhere", "seconds_per_call", "mean_loss")
    for name, answer in found.items():
        assert getattr(checks, f"check_{name}")(answer).verdict.name == "PASS"
