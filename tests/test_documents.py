"""Dataclasses as JSON, and back to the last bit."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass, field, fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from npnets.reproduction.documents import check_type, decode, encode

DTYPES = ["bool", "int8", "int64", "uint8", "uint64", "float16", "float32", "float64"]


@dataclass(frozen=True)
class Point:
    x: float
    label: str


@dataclass(frozen=True, eq=False)
class Everything:
    number: float
    count: int
    sure: bool
    name: str
    missing: float | None
    pair: tuple[int, float]
    many: tuple[Point, ...]
    rows: list[list[float]]
    table: dict[str, np.ndarray]
    array: np.ndarray = field(default_factory=lambda: np.zeros((2, 0, 3), dtype=np.float32))


def through_text(type_, value):
    return decode(type_, json.loads(json.dumps(encode(value), allow_nan=False)))


def same(a, b) -> bool:
    """Equal in type and to the last bit, but for which NaN a NaN is."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and all(map(same, bits(a), bits(b)))
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or struct.pack("d", a) == struct.pack("d", b)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if hasattr(a, "__dataclass_fields__"):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    return a == b


def bits(array: np.ndarray) -> list:
    return array.ravel().tolist()


def everything(**changes) -> Everything:
    values = {
        "number": -0.0,
        "count": 2**70,
        "sure": True,
        "name": "1-5-7-4-1, ½ “NaN”",
        "missing": None,
        "pair": (3, math.inf),
        "many": (Point(math.nan, "NaN"), Point(0.1, "")),
        "rows": [[], [1e-320, -math.inf]],
        "table": {"k = 0": np.arange(4), "": np.array(math.nan)},
    }
    return Everything(**{**values, **changes})


def test_every_kind_of_field_comes_back_as_it_was():
    for value in (everything(), everything(missing=math.nan, many=(), rows=[], table={})):
        assert same(through_text(Everything, value), value)


@given(
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    )
)
def test_arrays_come_back_with_dtype_shape_and_every_bit(array):
    assert same(through_text(np.ndarray, array), array)
    assert same(through_text(np.ndarray, array.T), array.T.copy(order="C"))


@given(st.floats())
def test_floats_come_back_to_the_last_bit(number):
    assert same(through_text(float, number), number)
    assert same(through_text(tuple[float, ...], (number, 1.0)), (number, 1.0))


def test_numpy_scalars_become_the_numbers_of_their_fields():
    value = Point(np.float32(0.1), np.str_("a"))
    assert same(through_text(Point, value), Point(float(np.float32(0.1)), "a"))


@pytest.mark.parametrize(
    "value", [1j, {1: 2}, {"a": {2}}, np.array([1j]), np.array(["a"]), np.array([None]), b"a"]
)
def test_what_a_document_cannot_hold_is_refused(value):
    with pytest.raises(TypeError, match=r"must be of|must hold"):
        encode(value)


@pytest.mark.parametrize("type_", [complex, int | str, set[int]])
def test_types_that_a_document_could_not_tell_are_refused(type_):
    with pytest.raises(TypeError, match="a field must be of"):
        decode(type_, 1)
    for inside in (type_, tuple[int, type_], list[type_], dict[str, type_]):
        with pytest.raises(TypeError, match="a field must be of"):
            check_type(inside)


def test_a_type_can_be_checked_before_there_is_a_value():
    check_type(Everything)
    check_type(tuple[tuple[Point, ...], dict[str, list[np.ndarray]], int | None])

    @dataclass
    class Wave:
        amplitudes: tuple[complex, ...]

    with pytest.raises(TypeError, match="complex"):
        check_type(tuple[Wave, ...])


ARRAY = {"dtype": "float64", "shape": [2], "entries": [1.0, "NaN"]}


@pytest.mark.parametrize(
    ("type_", "document"),
    [
        (float, "1.0"),
        (float, True),
        (int, 1.0),
        (int, True),
        (bool, 1),
        (str, None),
        (tuple[int, int], [1]),
        (tuple[int, ...], {"0": 1}),
        (Point, {"x": 1.0}),
        (Point, {"x": 1.0, "label": "", "y": 2.0}),
        (Point, [1.0, ""]),
        (np.ndarray, [1.0, 2.0]),
        (np.ndarray, {**ARRAY, "shape": [3]}),
        (np.ndarray, {**ARRAY, "shape": ["2"]}),
        (np.ndarray, {**ARRAY, "dtype": "object"}),
        (np.ndarray, {**ARRAY, "entries": [1.0, "one"]}),
        (np.ndarray, {**ARRAY, "dtype": "int8", "entries": [1, 300]}),
    ],
)
def test_documents_of_another_form_are_refused(type_, document):
    with pytest.raises(ValueError, match=r"must|could not|reshape"):
        decode(type_, document)
