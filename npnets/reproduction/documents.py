"""Frozen dataclasses as JSON documents, and back without the loss of a bit.

The fields' types say how to read a document: numbers, strings, booleans, arrays, tuples, lists,
dictionaries with string keys, dataclasses of these, and any of them or None. An array becomes its
dtype, its shape and its entries in C order; what JSON has no number for is spelt "NaN", "Infinity"
and "-Infinity". Python writes the shortest text that reads back as the same double, so floats are
exact, float32 included.
"""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

T = TypeVar("T")

_DTYPES = (
    "bool",
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    *(f"float{bits}" for bits in (16, 32, 64)),
)
_SPELLINGS = {math.inf: "Infinity", -math.inf: "-Infinity"}


def encode(value: Any) -> Any:
    """The document of a value: what ``json.dumps(..., allow_nan=False)`` takes.

    Raises
    ------
    TypeError
        If the value, or one in it, is of none of the types above.

    >>> encode((1, float("nan"))), encode(np.zeros((0, 2), dtype=np.float32))
    ([1, 'NaN'], {'dtype': 'float32', 'shape': [0, 2], 'entries': []})
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        return _encode_array(value)
    if isinstance(value, np.generic):
        return encode(value.item())
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return _SPELLINGS.get(value, "NaN")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a document must hold numbers, text, arrays and dataclasses, got {value!r}")


def decode(type_: type[T], document: Any) -> T:
    """The value of a type from its document.

    Raises
    ------
    ValueError
        If the document is not one of that type.
    TypeError
        If the type, or one in it, is none of those above.

    >>> decode(tuple[int, float], [1, "NaN"])
    (1, nan)
    >>> decode(int, "1")
    Traceback (most recent call last):
        ...
    ValueError: document must be of type int, got '1'
    """
    return _decode(type_, document)


def check_type(type_: Any) -> None:
    """Refuse a type whose values have no document, before there is one.

    Raises
    ------
    TypeError
        If the type, or one in it, is none of those above.

    >>> check_type(tuple[complex, ...])
    Traceback (most recent call last):
        ...
    TypeError: a field must be of a type that documents know, got <class 'complex'>
    """
    origin, arguments = get_origin(type_), get_args(type_)
    if is_dataclass(type_):
        arguments = tuple(get_type_hints(type_).values())
    elif origin is dict:
        arguments = arguments[1:]
    elif origin in (Union, UnionType):
        arguments = (_only_type(type_),)
    elif origin is tuple:
        arguments = tuple(one for one in arguments if one is not ...)
    elif origin is not list and type_ not in (bool, int, float, str, np.ndarray):
        raise TypeError(f"a field must be of a type that documents know, got {type_!r}")
    for one in arguments:
        check_type(one)


def _decode(type_: Any, document: Any) -> Any:
    if is_dataclass(type_):
        return _decode_dataclass(type_, document)
    if type_ is np.ndarray:
        return _decode_array(document)
    origin, arguments = get_origin(type_), get_args(type_)
    if origin in (Union, UnionType):
        only = _only_type(type_)
        return None if document is None else _decode(only, document)
    if origin is tuple:
        return _decode_tuple(type_, document)
    if origin is list:
        return [_decode(arguments[0], item) for item in _expect(list, document)]
    if origin is dict:
        items = _expect(dict, document).items()
        return {key: _decode(arguments[1], item) for key, item in items}
    if type_ is float:
        return _decode_float(document)
    if type_ in (bool, int, str):
        return _expect(type_, document)
    raise TypeError(f"a field must be of a type that documents know, got {type_!r}")


def _decode_dataclass(type_: Any, document: Any) -> Any:
    """``get_type_hints`` evaluates annotations that are text."""
    hints = get_type_hints(type_)
    names = [field.name for field in fields(type_)]
    if set(_expect(dict, document)) != set(names):
        raise ValueError(f"document of {type_.__name__} must have {names}, got {list(document)}")
    return type_(**{name: _decode(hints[name], document[name]) for name in names})


def _only_type(union: Any) -> Any:
    """A union of more than one type and None would not tell which of them a document is of."""
    types = [one for one in get_args(union) if one is not NoneType]
    if len(types) > 1:
        raise TypeError(f"a field must be of one type or None, got {union}")
    return types[0]


def _decode_tuple(type_: Any, document: Any) -> tuple:
    items, types = _expect(list, document), get_args(type_)
    if types[1:] == (...,):
        types = types[:1] * len(items)
    if len(types) != len(items):
        raise ValueError(f"document must be of type {type_}, got {len(items)} items")
    return tuple(_decode(one, item) for one, item in zip(types, items, strict=True))


def _encode_array(array: np.ndarray) -> dict[str, Any]:
    if array.dtype.name not in _DTYPES:
        raise TypeError(f"an array must be of real numbers or booleans, got {array.dtype}")
    entries = array.ravel().tolist()
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        entries = [encode(entry) for entry in entries]
    return {"dtype": array.dtype.name, "shape": list(array.shape), "entries": entries}


def _decode_array(document: Any) -> np.ndarray:
    if set(_expect(dict, document)) != {"dtype", "shape", "entries"}:
        raise ValueError(f"array must have dtype, shape and entries, got {list(document)}")
    if document["dtype"] not in _DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(_DTYPES)}, got {document['dtype']!r}")
    shape, entries = _decode(list[int], document["shape"]), _expect(list, document["entries"])
    try:
        array = np.array(entries, dtype=document["dtype"])  # reads "NaN" and "Infinity" as numbers
    except (TypeError, OverflowError) as error:
        raise ValueError(f"entries must be of type {document['dtype']}: {error}") from None
    return array.reshape(shape)


def _decode_float(document: Any) -> float:
    if document in ("NaN", "Infinity", "-Infinity"):
        return float(document)
    if isinstance(document, bool) or not isinstance(document, (int, float)):
        raise ValueError(f"document must be of type float, got {document!r}")
    return float(document)


def _expect(type_: type, document: Any) -> Any:
    """The document, if it is of exactly that type (True is no int)."""
    if type(document) is not type_:
        raise ValueError(f"document must be of type {type_.__name__}, got {document!r}")
    return document
