import pytest

from hyperprune.errors import UnknownNameError
from hyperprune.registry import Registry


def test_unknown_name_lists_the_known_ones() -> None:
    rules: Registry[int] = Registry("death rule")
    rules.register("b")(2)
    rules.register("a")(1)
    assert rules["a"] == 1
    with pytest.raises(UnknownNameError, match="unknown death rule 'c': choose one of a, b"):
        rules["c"]


def test_a_misspelt_name_is_answered_with_the_one_that_was_meant() -> None:
    rules: Registry[int] = Registry("death rule")
    rules.register("global_magnitude")(1)
    rules.register("set")(1)
    with pytest.raises(UnknownNameError, match=r"did you mean global_magnitude\?"):
        rules["global-magnitud"]


def test_a_name_is_given_once() -> None:
    rules: Registry[int] = Registry("death rule")
    rules.register("a")(1)
    with pytest.raises(ValueError, match="registered already"):
        rules.register("a")(2)
