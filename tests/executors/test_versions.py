import pytest

from hyperprune.errors import ConfigurationError
from hyperprune.executors.versions import check_versions
from hyperprune.versions import versions


def test_a_node_with_other_versions_refuses_to_work() -> None:
    check_versions(versions())
    with pytest.raises(ConfigurationError, match=r"torch must be the same on all nodes, but .* has 2"):
        check_versions(versions() | {"torch": "1.0"})
