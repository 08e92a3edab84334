"""Sets of neurons as words of 64 bits, and the instructions that processors have for them."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

#: Neurons in one word.
WORD = 64
#: Numbers in one vector register of the widest kind.
LANES = 8


@intrinsic
def popcount(typingctx, word):
    """How many bits of the word are set."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


@intrinsic
def lowest(typingctx, word):
    """The number of the lowest bit that is set; there must be one."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


@intrinsic
def bit(typingctx, number):
    """The word with only bit ``number`` set, which is from 0 to 63."""

    def codegen(context, builder, signature, args):
        return builder.shl(ir.IntType(64)(1), args[0])

    return types.uint64(types.int64), codegen


@intrinsic
def without_lowest(typingctx, word):
    """The word without its lowest bit that is set."""

    def codegen(context, builder, signature, args):
        one = ir.IntType(64)(1)
        return builder.and_(args[0], builder.sub(args[0], one))

    return types.uint64(types.uint64), codegen


def _block(builder, memory, start, count=WORD):
    """So many numbers from memory[start] on."""
    vector = ir.VectorType(ir.DoubleType(), count)
    first = builder.gep(memory, [start], source_etype=ir.DoubleType())
    return builder.load(builder.bitcast(first, vector.as_pointer()), align=8)


def _everywhere(builder, number, count=WORD):
    """So many numbers that are all this one."""
    vector = ir.VectorType(ir.DoubleType(), count)
    none = ir.Constant(vector, ir.Undefined)
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count)
    return builder.shuffle_vector(
        builder.insert_element(none, number, ir.IntType(32)(0)), none, zeros
    )


@intrinsic
def signs_of_forms(typingctx, forms, stride, start, s, t, error):
    """The words of which of 64 numbers are above the error, and which below minus the error.

    The numbers are s forms[k] + t forms[stride + k] + forms[2 stride + k], k from ``start`` on.
    """
    pair = types.UniTuple(types.uint64, 2)

    def codegen(context, builder, signature, args):
        memory, stride, start, s, t, error = args
        rows = []
        for _ in range(3):
            rows.append(_block(builder, memory, start))
            start = builder.add(start, stride)
        multiply_add = _on_vectors(builder, "fmuladd", rows[0].type, 3)
        numbers = builder.call(multiply_add, [_everywhere(builder, t), rows[1], rows[2]])
        numbers = builder.call(multiply_add, [_everywhere(builder, s), rows[0], numbers])
        more = builder.fcmp_ordered(">", numbers, _everywhere(builder, error))
        less = builder.fcmp_ordered("<", numbers, _everywhere(builder, builder.fneg(error)))
        words = [builder.bitcast(word, ir.IntType(WORD)) for word in (more, less)]
        return context.make_tuple(builder, pair, words)

    double, word = types.float64, types.int64
    return pair(forms, word, word, double, double, double), codegen


def _on_vectors(builder, name, vector, count):
    """LLVM's function of that name, of so many vectors of a type."""
    kind = ir.FunctionType(vector, [vector] * count)
    symbol = f"llvm.{name}.v{vector.count}f64"
    return cgutils.get_or_insert_function(builder.module, kind, symbol)


def _store(builder, numbers, memory, start):
    first = builder.gep(memory, [start], source_etype=ir.DoubleType())
    builder.store(numbers, builder.bitcast(first, numbers.type.as_pointer()), align=8)


@intrinsic
def add_selected(typingctx, target, word, factor, forms, stride, weights, apart):
    """Add what the neurons of a word contribute to 64 forms of three coefficients.

    To target[c apart + k], c < 3, k < 64, for each neuron i of the word, in ascending order,
    factor · forms[c stride + i] · weights[i apart + k].
    """
    word_type, columns = ir.IntType(64), range(3)
    vector = ir.VectorType(ir.DoubleType(), LANES)

    def codegen(context, builder, signature, args):
        target, word, factor, forms, stride, weights, apart = args
        multiply_add = _on_vectors(builder, "fmuladd", vector, 3)
        # a register's worth at a time: of 64 numbers at once, more are loaded than registers hold
        parts = [(c, k) for k in range(0, WORD, LANES) for c in columns]
        places = [builder.add(builder.mul(word_type(c), apart), word_type(k)) for c, k in parts]
        before, known = builder.block, [_block(builder, target, at, LANES) for at in places]
        head, body, end = (builder.append_basic_block() for _ in range(3))
        builder.branch(head)
        builder.position_at_end(head)
        rest, totals = builder.phi(word_type), [builder.phi(vector) for _ in parts]
        builder.cbranch(builder.icmp_unsigned("!=", rest, word_type(0)), body, end)
        builder.position_at_end(body)
        i = builder.cttz(rest, ir.Constant(ir.IntType(1), 1))
        row, form_at, shares = builder.mul(i, apart), i, []
        for _ in columns:
            form = builder.load(builder.gep(forms, [form_at], source_etype=ir.DoubleType()))
            shares.append(_everywhere(builder, builder.fmul(factor, form), LANES))
            form_at = builder.add(form_at, stride)
        grown, loaded = [], {}
        for (c, k), total in zip(parts, totals, strict=True):
            if c == 0:
                loaded[k] = _block(builder, weights, builder.add(row, word_type(k)), LANES)
            grown.append(builder.call(multiply_add, [shares[c], loaded[k], total]))
        left = builder.and_(rest, builder.sub(rest, word_type(1)))
        builder.branch(head)
        for phi, start_value, last in zip(
            [rest, *totals], [word, *known], [left, *grown], strict=True
        ):
            phi.add_incoming(start_value, before)
            phi.add_incoming(last, body)
        builder.position_at_end(end)
        for at, total in zip(places, totals, strict=True):
            _store(builder, total, target, at)
        return context.get_dummy_value()

    number, bits, double = types.int64, types.uint64, types.float64
    return types.none(target, bits, double, forms, number, weights, number), codegen


@intrinsic
def dots_selected(typingctx, forms, stride, more, less, slope, weights):
    """What 64 neurons contribute to a form of three coefficients.

    The sums of forms[c stride + i] · weights[i], c < 3, i < 64, where the forms of the word
    ``more`` are taken as they are, those of ``less`` times the slope, and the others as 0.
    """
    triple, word_type = types.UniTuple(types.float64, 3), ir.IntType(WORD)
    vector, mask = ir.VectorType(ir.DoubleType(), LANES), ir.VectorType(ir.IntType(1), LANES)

    def codegen(context, builder, signature, args):
        forms, stride, more, less, slope, weights = args
        multiply_add = _on_vectors(builder, "fmuladd", vector, 3)
        zero, slope = ir.Constant(vector, [0.0] * LANES), _everywhere(builder, slope, LANES)
        totals = [[zero, zero] for _ in range(3)]  # two of each, which needn't wait for each other
        for k in range(0, WORD, LANES):
            bits = [builder.lshr(word, word_type(k)) for word in (more, less)]
            active, inactive = (
                builder.bitcast(builder.trunc(word, ir.IntType(LANES)), mask) for word in bits
            )
            place = word_type(k)
            loaded = _block(builder, weights, place, LANES)
            for pair in totals:
                numbers = _block(builder, forms, place, LANES)
                scaled = builder.select(inactive, builder.fmul(numbers, slope), zero)
                chosen = builder.select(active, numbers, scaled)
                turn = k // LANES % 2
                pair[turn] = builder.call(multiply_add, [chosen, loaded, pair[turn]])
                place = builder.add(place, stride)
        sums = [_sum(builder, builder.fadd(*pair)) for pair in totals]
        return context.make_tuple(builder, triple, sums)

    bits, double = types.uint64, types.float64
    return triple(forms, types.int64, bits, bits, double, weights), codegen


def _sum(builder, numbers):
    """The sum of a vector's numbers, by halving."""
    while numbers.type.count > 1:
        half = numbers.type.count // 2
        none = ir.Constant(numbers.type, ir.Undefined)
        parts = []
        for first in (0, half):
            picks = ir.VectorType(ir.IntType(32), half)
            picks = ir.Constant(picks, list(range(first, first + half)))
            parts.append(builder.shuffle_vector(numbers, none, picks))
        numbers = builder.fadd(*parts)
    return builder.extract_element(numbers, ir.IntType(32)(0))


@intrinsic
def add_scaled(typingctx, target, place, stride, scales, source, start):
    """Add scales[c] source[start + k] to target[place + c stride + k], c < 3, k < 64."""

    def codegen(context, builder, signature, args):
        target, place, stride, scales, source, start = args
        numbers = _block(builder, source, start)
        multiply_add = _on_vectors(builder, "fmuladd", numbers.type, 3)
        for k in range(3):
            scale = _everywhere(builder, builder.extract_value(scales, k))
            known = _block(builder, target, place)
            _store(builder, builder.call(multiply_add, [scale, numbers, known]), target, place)
            place = builder.add(place, stride)
        return context.get_dummy_value()

    word, triple = types.int64, types.UniTuple(types.float64, 3)
    return types.none(target, word, word, triple, source, word), codegen


@intrinsic
def raise_largest(typingctx, so_far, column, memory, start):
    """Raise so_far[8 column + k] to |memory[start + k + 8 j]|, k < 8, j < 8, but not to NaN.

    The largest of the eight is that of all 64 numbers.
    """

    def codegen(context, builder, signature, args):
        so_far, column, memory, start = args
        word = ir.IntType(64)
        place = builder.mul(column, word(LANES))
        most = _block(builder, so_far, place, LANES)
        size = _on_vectors(builder, "fabs", most.type, 1)
        for k in range(0, WORD, LANES):
            numbers = _block(builder, memory, builder.add(start, word(k)), LANES)
            numbers = builder.call(size, [numbers])
            more = builder.fcmp_ordered(">", numbers, most)
            most = builder.select(more, numbers, most)
        _store(builder, most, so_far, place)
        return context.get_dummy_value()

    return types.none(so_far, types.int64, memory, types.int64), codegen
