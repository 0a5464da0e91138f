import pytest

from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.host import Host
from sandbox.isolation.protocol import Isolation


@pytest.fixture(params=["bubblewrap", "host"])
def any_isolation(request: pytest.FixtureRequest) -> Isolation:
    """Every isolation there is: what a test says of this holds for all of them."""
    return _working(Bubblewrap() if request.param == "bubblewrap" else Host())


@pytest.fixture
def isolation() -> Isolation:
    """An isolation that isolates."""
    return _working(Bubblewrap())


def _working(isolation: Isolation) -> Isolation:
    if problem := isolation.problem():
        pytest.skip(problem)
    return isolation
