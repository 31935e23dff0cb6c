"""What the tests of every kind share."""

import pytest

from tools.writing.errata import Fault


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Fault:
    """What the errata say about the fault that a test is marked with."""
    marker = request.node.get_closest_marker("fault")
    return Fault(**marker.kwargs, proof=request.node.nodeid)
