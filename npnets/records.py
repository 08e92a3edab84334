"""Results as text for machines."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np


class Record:
    """Base of the frozen dataclasses that hold results."""

    def to_json(self) -> str:
        """The fields as one JSON document; numbers that are infinite or NaN become null."""
        return to_json(asdict(self))  # type: ignore[call-overload]


def to_json(value: Any) -> str:
    """Strict JSON: arrays become lists; what JSON has no number for (infinity, NaN) becomes null.

    >>> to_json({"loss": float("nan"), "shape": (4, 3)})
    '{"loss": null, "shape": [4, 3]}'
    """
    return json.dumps(_finite_or_null(value), allow_nan=False)


def _finite_or_null(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _finite_or_null(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite_or_null(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite_or_null(item) for item in value]
    return value
