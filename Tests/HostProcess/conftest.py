import pytest

from wire_client import Client


@pytest.fixture
def host():
    """A host after the handshake."""
    with Client() as client:
        yield client
