from collections.abc import Callable

import pytest

from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.docker import Docker
from sandbox.isolation.host import Host
from sandbox.isolation.protocol import Isolation
from tests.sandbox.docker_image import image_names


@pytest.fixture(params=["bubblewrap", "docker", "host"])
def any_isolation(request: pytest.FixtureRequest) -> Isolation:
    """Every isolation there is: what a test says of this holds for all of them."""
    return _working(request.param)


@pytest.fixture(params=["bubblewrap", "docker"])
def isolation(request: pytest.FixtureRequest) -> Isolation:
    """Every isolation that isolates."""
    return _working(request.param)


@pytest.fixture
def docker() -> Docker:
    """Docker, with an image made for tests."""
    return Docker(image_names())


def _working(name: str) -> Isolation:
    kinds: dict[str, Callable[[], Isolation]] = {
        "bubblewrap": Bubblewrap,
        "docker": lambda: Docker(image_names()),
        "host": Host,
    }
    isolation = kinds[name]()
    if problem := isolation.problem():
        pytest.skip(problem)
    return isolation
