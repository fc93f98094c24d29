"""Names of classes and regions: what the C++ library refuses is not written."""

import pytest

from uml_training.names import as_seen, check_names


def refusal(names: list[str]) -> str:
    try:
        check_names("f: class", names)
    except ValueError as fault:
        return str(fault)
    return ""


def test_names_that_are_told_apart() -> None:
    for names in (["a", "b"], ["Gliom", "gliom"], ["ä", "\u00a0b \u0105"], ["\u200ba", "b"], ["a b", "ab"],
                  ["n" * 63, "x"]):
        assert refusal(names) == ""


@pytest.mark.parametrize("control", ["\x1b[2J", "\0", "\n", "\x7f", "\x85", "\x9b", "\u2028", "\u202e", "\u2066"])
def test_names_that_command_a_terminal(control: str) -> None:
    assert refusal(["a", "b" + control]) == f"f: class name 2 holds control characters: {'b' + control!a}"


@pytest.mark.parametrize("nothing", ["", " ", "\u00a0", "\u200b", " \ufeff\u3000", "\u00ad", "\u3164"])
def test_names_that_show_nothing(nothing: str) -> None:
    assert refusal(["a", nothing]) == f"f: class name 2 shows nothing: {nothing!a}"


@pytest.mark.parametrize("same", ["a", "a ", " a", "a\u200b", "\ufeffa", "a\u00ad", "\u3000a", "a\ufe0f",
                                  "\U000e0001a"])
def test_names_that_look_alike(same: str) -> None:
    assert refusal(["a", same]) == f"f: class names 'a' and {same!a} look alike"


def test_names_as_seen() -> None:
    assert as_seen(" a\u2003\u00a0b\u200d ") == "a b"
    assert refusal(["é" * 32]) == "f: class name 1 is longer than 63 bytes"
