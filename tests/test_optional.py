import re

import pytest

from hyperprune.errors import ConfigurationError
from hyperprune.optional import try_import


def test_a_module_that_is_there_is_given() -> None:
    import json

    assert try_import("json", extra="ray", needed_by="nobody") is json


def test_a_missing_package_names_the_extra_that_installs_it() -> None:
    says = (
        "the sampler x needs no_such_package (No module named 'no_such_package'): "
        "pip install 'hyperprune[samplers]', or take tpe"
    )
    with pytest.raises(ConfigurationError, match=f"^{re.escape(says)}$"):
        try_import("no_such_package.inner", extra="samplers", needed_by="the sampler x", instead="take tpe")
