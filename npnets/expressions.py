"""Arithmetic expressions of x, read without ever running the text as Python.

The text is parsed into a syntax tree, every node of the tree is checked against a short list, and
the tree is then evaluated node by node on arrays. Names are x (or x1, x2, … in several dimensions),
pi, e and NumPy's elementary functions; nothing else has a meaning. Numbers are floating point,
comparisons give 0 or 1, and length and nesting are bounded.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

MAX_LENGTH = 1000
MAX_NESTING = 100
CONSTANTS = {"pi": math.pi, "e": math.e}
UNARY_FUNCTIONS = (
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"),
    *("exp", "expm1", "log", "log1p", "log2", "log10"),
    *("sqrt", "cbrt", "abs", "sign", "floor", "ceil"),
)
#: name → (the function, its number of arguments)
FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    **{name: (getattr(np, name), 1) for name in UNARY_FUNCTIONS},
    "minimum": (np.minimum, 2),
    "maximum": (np.maximum, 2),
    "where": (np.where, 3),
}
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


@dataclass(frozen=True)
class Expression:
    """A function of x with one output: (n, d_in) → (n, 1), in the dtype of x.

    ``text`` is canonical, so two spellings of one expression are equal.

    >>> square = parse_expression("x**2+1", d_in=1)
    >>> square.text
    'x ** 2 + 1'
    >>> square(np.array([[3.0]], dtype=np.float32))
    array([[10.]], dtype=float32)
    """

    text: str
    d_in: int
    tree: ast.expr = field(compare=False, repr=False)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        if x.dtype.kind != "f":
            x = x.astype(np.float64)
        with np.errstate(all="ignore"):
            y = np.asarray(_evaluate(self.tree, x), dtype=x.dtype)
        return np.broadcast_to(y, len(x))[:, None].copy()


def parse_expression(text: str, d_in: int = 1) -> Expression:
    """Read an expression of x (d_in = 1) or of x1, …, xd.

    Raises
    ------
    ValueError
        Naming the piece that is not arithmetic, is unknown, or is too long or too deep.

    >>> parse_expression("2*x+sin(pi*x)").text
    '2 * x + sin(pi * x)'
    >>> parse_expression("open('x')")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: expression "open('x')" has an unknown function 'open' (known: sin, cos, ...
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"expression must have at most {MAX_LENGTH} characters, got {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it is nested too deeply"
        hint = "; a product needs its *, as in 2*x" if re.search(r"\d\s*[a-z(]", text) else ""
        raise ValueError(f"expression {_shown(text)} cannot be read: {reason}{hint}") from None
    try:
        _check(tree, d_in)
    except ValueError as error:
        raise ValueError(f"expression {_shown(text)} {error}") from None
    except RecursionError:  # from writing out a refused piece that is itself very deep
        raise ValueError(f"expression {_shown(text)} is nested too deeply") from None
    return Expression(ast.unparse(tree), d_in, tree)


def _check(node: ast.expr, d_in: int, nesting: int = 0) -> None:
    if nesting > MAX_NESTING:
        raise ValueError(f"is nested more than {MAX_NESTING} deep")
    for child in _operands(node, d_in):
        _check(child, d_in, nesting + 1)


def _operands(node: ast.expr, d_in: int) -> list[ast.expr]:
    """The expressions inside one node, if the node itself is allowed."""
    match node:
        case ast.Constant(value=value) if type(value) in (int, float):
            _check_number(cast(float, value))
            return []
        case ast.Name(id=name):
            if name not in CONSTANTS and name not in variables(d_in):
                known = ", ".join((*variables(d_in), *CONSTANTS))
                raise ValueError(f"has an unknown name {name!r} (known: {known})")
            return []
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return [operand]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return [left, right]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
            return [left, right]
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            _check_function(name, len(arguments))
            return arguments
    hint = "; a power is x**2" if isinstance(getattr(node, "op", None), ast.BitXor) else ""
    raise ValueError(f"may hold arithmetic only, got {_shown(ast.unparse(node))}{hint}")


def _check_number(value: float) -> None:
    try:
        finite = math.isfinite(float(value))
    except OverflowError:
        finite = False
    if not finite:
        raise ValueError("has a number beyond the range of floating point")


def _check_function(name: str, argument_count: int) -> None:
    if name not in FUNCTIONS:
        raise ValueError(f"has an unknown function {name!r} (known: {', '.join(FUNCTIONS)})")
    expected = FUNCTIONS[name][1]
    if argument_count != expected:
        raise ValueError(f"gives {name} {argument_count} arguments, it takes {expected}")


def variables(d_in: int) -> dict[str, int]:
    """Names of the inputs and their columns.

    >>> variables(1), variables(2)
    ({'x': 0}, {'x1': 0, 'x2': 1})
    """
    return {"x": 0} if d_in == 1 else {f"x{i + 1}": i for i in range(d_in)}


def _evaluate(node: ast.expr, x: np.ndarray) -> Any:
    """The value of a checked node; numbers take the dtype of x, so float32 stays float32."""
    match node:
        case ast.Constant(value=value):
            return x.dtype.type(cast(float, value))
        case ast.Name(id=name) if name in CONSTANTS:
            return x.dtype.type(CONSTANTS[name])
        case ast.Name(id=name):
            return x[:, variables(x.shape[1])[name]]
        case ast.UnaryOp(op=op, operand=operand):
            return OPERATORS[type(op)](_evaluate(operand, x))
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATORS[type(op)](_evaluate(left, x), _evaluate(right, x))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            holds = OPERATORS[type(op)](_evaluate(left, x), _evaluate(right, x))
            return holds.astype(x.dtype)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return FUNCTIONS[name][0](*(_evaluate(argument, x) for argument in arguments))
    raise AssertionError(f"unchecked node {ast.dump(node)}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
