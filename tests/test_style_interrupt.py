"""A kernel that is really interrupted in the lesson's loop keeps its picture."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client import KernelManager

from tests.lesson_functions import cell_with

SET_UP = """
import torch
from torch import Tensor
from course_utils import style
from course_utils.style.transfer import total_variation
torch.manual_seed(0)
steps = 60
"""
RUN = """
start = torch.rand(1, 3, 64, 64)
picture, losses = optimise(total_variation, start, steps=1_000_000, watch=True)
"""
ASK = "print(len(losses), tuple(picture.shape), losses[-1] < losses[0] / 2)"


@pytest.fixture(scope="module")
def kernel() -> Iterator[tuple[KernelManager, Any]]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def messages(client: Any, request: str, until: str, limit: float = 120) -> list[Any]:
    """What the kernel says of a request until a kind of message has come."""
    heard, deadline = [], time.monotonic() + limit
    while time.monotonic() < deadline:
        try:
            message = client.get_iopub_msg(timeout=1)
        except queue.Empty:
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        heard.append(message)
        state = message["content"].get("execution_state")
        if until in (message["msg_type"], state):
            return heard
    raise TimeoutError(f"no {until} in {limit} s; heard {heard[-3:]}")


def test_interrupted_kernel_keeps_picture_and_says_the_step(
    kernel: tuple[KernelManager, Any],
) -> None:
    manager, client = kernel
    messages(client, client.execute(SET_UP), "idle")
    messages(client, client.execute(cell_with("09", "def optimise(")), "idle")
    request = client.execute(RUN)
    messages(client, request, "display_data")
    for _ in range(4):  # so that it has come some way
        messages(client, request, "update_display_data")
    manager.interrupt_kernel()
    heard = messages(client, request, "idle")
    kinds = [message["msg_type"] for message in heard]
    assert "error" not in kinds
    said = "".join(m["content"]["text"] for m in heard if m["msg_type"] == "stream")
    assert said.startswith("Interrupted after step ")
    assert said.endswith(" of 1000000; the picture of that step is kept.\n")
    reached = int(said.split()[3])
    last = [m for m in heard if m["msg_type"] == "update_display_data"][-1]
    assert f"step {reached} of 1000000" in last["content"]["data"]["text/html"]
    heard = messages(client, client.execute(ASK), "idle")
    (answer,) = [m["content"]["text"] for m in heard if m["msg_type"] == "stream"]
    assert answer == f"{reached} (1, 3, 64, 64) True\n"
