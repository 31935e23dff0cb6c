"""What the tests of every kind share."""

import signal

import pytest

from tools.writing.errata import Fault

# a shell has its background jobs ignore Ctrl-C, and so would the tests that send it
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Fault:
    """What the errata say about the fault that a test is marked with."""
    marker = request.node.get_closest_marker("fault")
    return Fault(**marker.kwargs, proof=request.node.nodeid)
