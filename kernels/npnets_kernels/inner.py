"""The decorator of functions inside a kernel that read and write arrays, and make none.

Array arguments are not counted (a counted one costs two locked writes a call, many times what a
short loop does), and what Python would need to call the function is not compiled.
"""

from __future__ import annotations

from typing import Any

from numba import njit

OPTIONS: dict[str, Any] = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
inner = njit(**OPTIONS)
