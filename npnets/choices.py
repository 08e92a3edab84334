"""A value that must be one of a few names, refused with the nearest of them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def check_choice(argument: str, value: str, choices: Iterable[str]) -> str:
    """Return the value if it is one of the choices.

    Raises
    ------
    ValueError
        Naming the argument, the choices, the value and, where one is near, the likely meaning.

    >>> check_choice("optimizer", "adam", ("adam", "sgd"))
    'adam'
    >>> check_choice("optimizer", "adm", ("adam", "sgd"))
    Traceback (most recent call last):
        ...
    ValueError: optimizer must be one of adam, sgd, got 'adm' (did you mean 'adam'?)
    """
    names = tuple(choices)
    if value in names:
        return value
    nearest = get_close_matches(str(value).lower(), names, n=1)
    hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
    raise ValueError(f"{argument} must be one of {', '.join(names)}, got {value!r}{hint}")
