"""A vector value type for numba: many samples of one quantity, held in registers.

``Vector(float32, 64)`` is a numba type whose data model is LLVM's ``<64 x float>``. LLVM lowers it
to whatever the processor has (SSE, AVX, AVX-512, NEON), so the same kernel is fast on each, and the
kernels read like the formulas::

    z = z + broadcast(theta, w) * load(values, j)

Two sizes are used. A *batch vector* (256 bytes: 64 float32 or 32 float64) holds one neuron's
samples. A *block* (64 bytes: 16 float32 or 8 float64) is what one register of the widest processors
holds; parameters are updated and sums over samples are taken block by block.

Products and sums may be fused into one rounding (LLVM's ``contract``); nothing is reassociated, and
NaN and infinity keep their meaning. Indices are taken as they are: no bounds, no wrapping.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

BATCH_BYTES = 256
BLOCK_BYTES = 64


def lanes(dtype: np.dtype | str) -> int:
    """Samples in one batch vector: 64 for float32, 32 for float64."""
    return BATCH_BYTES // np.dtype(dtype).itemsize


def block_lanes(dtype: np.dtype | str) -> int:
    """Numbers in one block: 16 for float32, 8 for float64."""
    return BLOCK_BYTES // np.dtype(dtype).itemsize


class Vector(types.Type):
    """The numba type of ``lanes`` numbers of type ``dtype``; a mask when dtype is boolean."""

    def __init__(self, dtype: Any, lanes: int) -> None:
        self.dtype = dtype
        self.lanes = lanes
        super().__init__(name=f"Vector({dtype}, {lanes})")


def _ir_vector(vector: Vector) -> ir.VectorType:
    elements = {
        types.float32: ir.FloatType(),
        types.float64: ir.DoubleType(),
        types.boolean: ir.IntType(1),
    }
    return ir.VectorType(elements[vector.dtype], vector.lanes)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _ir_vector(fe_type))


def _sized(dtype: types.Float, n_bytes: int) -> Vector:
    return Vector(dtype, 8 * n_bytes // dtype.bitwidth)


def _splat(builder, scalar, vector: Vector):
    """The vector whose every lane is ``scalar`` (LLVM folds this into one broadcast)."""
    shape = _ir_vector(vector)
    one = builder.insert_element(ir.Constant(shape, ir.Undefined), scalar, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.lanes), [0] * vector.lanes)
    return builder.shuffle_vector(one, ir.Constant(shape, ir.Undefined), zeros)


def _shuffle(builder, u, v, picks):
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(picks)), list(picks))
    return builder.shuffle_vector(u, v, mask)


def _make_lanes_of(n_bytes, what):
    @intrinsic
    def lanes_of(typingctx, memory):
        count = _sized(memory.dtype, n_bytes).lanes

        def codegen(context, builder, signature, args):
            return context.get_constant(types.intp, count)

        return types.intp(memory), codegen

    lanes_of.__doc__ = f"How many numbers of this memory's type one {what} holds."
    return lanes_of


lanes_of = _make_lanes_of(BATCH_BYTES, "batch vector")
block_lanes_of = _make_lanes_of(BLOCK_BYTES, "block")


@intrinsic
def pointer(typingctx, array):
    """The address of a contiguous array's first element, without its reference count.

    Inner loops take pointers: an array argument would be counted at every call. The caller keeps
    the array alive.
    """

    def codegen(context, builder, signature, args):
        return context.make_array(array)(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), codegen


@intrinsic
def aligned(typingctx, start):
    """The first address from ``start`` on that a block may not straddle a cache line from."""

    def codegen(context, builder, signature, args):
        word = context.get_value_type(types.intp)
        address = builder.ptrtoint(args[0], word)
        address = builder.add(address, word(BLOCK_BYTES - 1))
        return builder.inttoptr(builder.and_(address, word(-BLOCK_BYTES)), args[0].type)

    return start(start), codegen


@intrinsic
def offset(typingctx, start, index):
    """The pointer ``index`` elements after ``start``."""

    def codegen(context, builder, signature, args):
        return builder.gep(args[0], [args[1]], source_etype=context.get_data_type(start.dtype))

    return start(start, types.intp), codegen


def _element(context, builder, memory, args):
    """The address of element args[1] of the memory at args[0]."""
    return builder.gep(args[0], [args[1]], source_etype=context.get_data_type(memory.dtype))


def _row(builder, vector: Vector, start, index):
    """The address of the ``index``-th vector of the memory from ``start`` on."""
    shape = _ir_vector(vector)
    return builder.gep(builder.bitcast(start, shape.as_pointer()), [index], source_etype=shape)


def _load(builder, vector: Vector, start, index):
    return builder.load(_row(builder, vector, start, index), align=vector.dtype.bitwidth // 8)


def _make_load(n_bytes, what):
    @intrinsic
    def load(typingctx, memory, index):
        vector = _sized(memory.dtype, n_bytes)

        def codegen(context, builder, signature, args):
            return _load(builder, vector, *args)

        return vector(memory, types.intp), codegen

    load.__doc__ = f"The ``index``-th {what} of the memory."
    return load


def _make_broadcast(n_bytes, what):
    @intrinsic
    def broadcast(typingctx, memory, index):
        vector = _sized(memory.dtype, n_bytes)

        def codegen(context, builder, signature, args):
            number = builder.load(_element(context, builder, memory, args))
            return _splat(builder, number, vector)

        return vector(memory, types.intp), codegen

    broadcast.__doc__ = f"The {what} whose every lane is ``memory[index]``."
    return broadcast


load = _make_load(BATCH_BYTES, "batch vector")
load_block = _make_load(BLOCK_BYTES, "block")
broadcast = _make_broadcast(BATCH_BYTES, "batch vector")


@intrinsic
def store(typingctx, memory, index, vector):
    """Write a vector (of either size) as the ``index``-th of its kind in the memory."""

    def codegen(context, builder, signature, args):
        address = _row(builder, vector, args[0], args[1])
        builder.store(args[2], address, align=memory.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.none(memory, types.intp, vector), codegen


# Arithmetic: vector with vector of the same type, or with a scalar, which is then splat.

_ARITHMETIC = {
    operator.add: "fadd",
    operator.sub: "fsub",
    operator.mul: "fmul",
    operator.truediv: "fdiv",
}
_COMPARISON = {operator.gt: ">", operator.lt: "<", operator.ge: ">=", operator.le: "<="}


def _vector_of(args) -> Vector | None:
    """The common vector type of two operands, or None when they do not fit together."""
    vectors = {arg for arg in args if isinstance(arg, Vector)}
    scalars = [arg for arg in args if not isinstance(arg, Vector)]
    if len(args) != 2 or len(vectors) != 1:
        return None
    if not all(isinstance(arg, (types.Float, types.Integer)) for arg in scalars):
        return None
    return vectors.pop()


class _ArithmeticTyping(AbstractTemplate):
    def generic(self, args, kws):
        vector = _vector_of(args)
        if vector is None:
            return None
        return signature(vector, *(a if isinstance(a, Vector) else vector.dtype for a in args))


class _ComparisonTyping(AbstractTemplate):
    def generic(self, args, kws):
        vector = _vector_of(args)
        if vector is None:
            return None
        mask = Vector(types.boolean, vector.lanes)
        return signature(mask, *(a if isinstance(a, Vector) else vector.dtype for a in args))


def _operands(builder, sig, args):
    vector = next(a for a in sig.args if isinstance(a, Vector))
    pairs = zip(sig.args, args, strict=True)
    return [a if isinstance(t, Vector) else _splat(builder, a, vector) for t, a in pairs]


def _register(op, typing, lowering):
    infer_global(op)(type(f"_{op.__name__}", (typing,), {"key": op}))
    for left, right in ((Vector, Vector), (Vector, types.Float), (types.Float, Vector)):
        lower_builtin(op, left, right)(lowering)


def _arithmetic_lowering(instruction):
    def lower(context, builder, sig, args):
        return getattr(builder, instruction)(*_operands(builder, sig, args), flags=("contract",))

    return lower


def _comparison_lowering(symbol):
    def lower(context, builder, sig, args):
        return builder.fcmp_ordered(symbol, *_operands(builder, sig, args))

    return lower


@infer_global(operator.neg)
class _NegationTyping(AbstractTemplate):
    key = operator.neg

    def generic(self, args, kws):
        return signature(args[0], args[0]) if isinstance(args[0], Vector) else None


@lower_builtin(operator.neg, Vector)
def _lower_negation(context, builder, sig, args):
    return builder.fneg(args[0])


for _op, _instruction in _ARITHMETIC.items():
    _register(_op, _ArithmeticTyping, _arithmetic_lowering(_instruction))
for _op, _symbol in _COMPARISON.items():
    _register(_op, _ComparisonTyping, _comparison_lowering(_symbol))


@intrinsic
def where(typingctx, mask, yes, no):
    """Lane by lane: ``yes`` where the mask holds, else ``no``; either may be a scalar."""
    vector = yes if isinstance(yes, Vector) else no
    choices = (c if isinstance(c, Vector) else vector.dtype for c in (yes, no))

    def codegen(context, builder, signature, args):
        picks = zip(signature.args[1:], args[1:], strict=True)
        picked = [a if isinstance(t, Vector) else _splat(builder, a, vector) for t, a in picks]
        return builder.select(args[0], *picked)

    return vector(mask, *choices), codegen


@intrinsic
def full(typingctx, like, value):
    """The vector of the type of ``like`` whose every lane is ``value``."""

    def codegen(context, builder, signature, args):
        return _splat(builder, args[1], like)

    return like(like, like.dtype), codegen


@intrinsic
def polynomial(typingctx, x, coefficients):
    """Horner's rule, highest power first; the coefficients are a tuple."""

    def codegen(context, builder, signature, args):
        total = None
        for k in range(len(coefficients)):
            number = builder.extract_value(args[1], k)
            number = context.cast(builder, number, coefficients.dtype, x.dtype)
            number = _splat(builder, number, x)
            if total is not None:
                product = builder.fmul(total, args[0], flags=("contract",))
                number = builder.fadd(product, number, flags=("contract",))
            total = number
        return total

    return x(x, coefficients), codegen


def _make_unary(name, doc):
    @intrinsic
    def unary(typingctx, vector):
        def codegen(context, builder, signature, args):
            shape = _ir_vector(vector)
            element = {types.float32: "f32", types.float64: "f64"}[vector.dtype]
            kind = ir.FunctionType(shape, [shape])
            symbol = f"llvm.{name}.v{vector.lanes}{element}"
            function = cgutils.get_or_insert_function(builder.module, kind, symbol)
            return builder.call(function, args)

        return vector(vector), codegen

    unary.__doc__ = doc
    return unary


sqrt = _make_unary("sqrt", "Lane by lane square root, correctly rounded.")
absolute = _make_unary("fabs", "Lane by lane absolute value.")
nearest = _make_unary("rint", "Lane by lane nearest integer, ties to even.")


@intrinsic
def power_of_two(typingctx, exponent):
    """Lane by lane 2**n for integral n within the exponents of normal numbers."""

    def codegen(context, builder, signature, args):
        bits, mantissa, bias = {types.float32: (32, 23, 127), types.float64: (64, 52, 1023)}[
            exponent.dtype
        ]
        integers = ir.VectorType(ir.IntType(bits), exponent.lanes)
        n = builder.fptosi(args[0], integers)
        n = builder.add(n, ir.Constant(integers, [bias] * exponent.lanes))
        n = builder.shl(n, ir.Constant(integers, [mantissa] * exponent.lanes))
        return builder.bitcast(n, _ir_vector(exponent))

    return exponent(exponent), codegen


@intrinsic
def partial_sums(typingctx, u, v):
    """The dot product of two batch vectors, all but the last step: a block that sums to u·v.

    A chain of fused multiply-adds over the vectors' blocks. ``sum_rows`` finishes sixteen (or
    eight) such blocks at once, which is cheaper than one horizontal sum for each.
    """
    block = _sized(u.dtype, BLOCK_BYTES)

    def codegen(context, builder, signature, args):
        total = None
        for start in range(0, u.lanes, block.lanes):
            picks = range(start, start + block.lanes)
            left = _shuffle(builder, args[0], args[0], picks)
            right = _shuffle(builder, args[1], args[1], picks)
            product = builder.fmul(left, right, flags=("contract",))
            total = product if total is None else builder.fadd(total, product, flags=("contract",))
        return total

    return block(u, v), codegen


@intrinsic
def sum_blocks(typingctx, u):
    """A batch vector's blocks added up: a block that sums to the sum of u."""
    block = _sized(u.dtype, BLOCK_BYTES)

    def codegen(context, builder, signature, args):
        total = None
        for start in range(0, u.lanes, block.lanes):
            piece = _shuffle(builder, args[0], args[0], range(start, start + block.lanes))
            total = piece if total is None else builder.fadd(total, piece)
        return total

    return block(u), codegen


@intrinsic
def sum_lanes(typingctx, block):
    """The sum of a block's lanes, by halving."""

    def codegen(context, builder, signature, args):
        total = args[0]
        while total.type.count > 1:
            half = total.type.count // 2
            low = _shuffle(builder, total, total, range(half))
            high = _shuffle(builder, total, total, range(half, 2 * half))
            total = builder.fadd(low, high)
        return builder.extract_element(total, ir.IntType(32)(0))

    return block.dtype(block), codegen


def _fold(builder, u, v, group):
    """Halve the lanes left to add: in each group, [u.low + u.high | v.high + v.low]."""
    lanes = u.type.count
    half = group // 2
    high = [lane % group >= half for lane in range(lanes)]
    blend = [lane + lanes * high[lane] for lane in range(lanes)]
    cross = [lane - half + lanes if high[lane] else lane + half for lane in range(lanes)]
    return builder.fadd(_shuffle(builder, u, v, blend), _shuffle(builder, u, v, cross))


@intrinsic
def sum_rows(typingctx, memory, index):
    """The sums of the rows of the ``index``-th square of the memory, as a block.

    A square is as many blocks as a block has lanes. With 16 lanes, rows k and k + 8 are folded into
    one, then k and k + 4, and so on: 15 folds instead of 16 horizontal sums.
    """
    block = _sized(memory.dtype, BLOCK_BYTES)

    def codegen(context, builder, signature, args):
        word = args[1].type
        first = builder.mul(args[1], word(block.lanes))
        places = [builder.add(first, word(k)) for k in range(block.lanes)]
        rows = [_load(builder, block, args[0], place) for place in places]
        while len(rows) > 1:
            half = len(rows) // 2
            pairs = zip(rows[:half], rows[half:], strict=True)
            rows = [_fold(builder, u, v, len(rows)) for u, v in pairs]
        return rows[0]

    return block(memory, types.intp), codegen
