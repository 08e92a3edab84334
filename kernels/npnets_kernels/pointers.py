"""Records of arrays as records of addresses, which inner loops take.

An array that is taken out of a record is counted, again and again; an address is not. Indices of
addresses are taken as they are, in the array's memory order: no rows, no bounds, no wrapping.
"""

from __future__ import annotations

from numba import njit, types
from numba.extending import intrinsic

from npnets_kernels.inner import OPTIONS


def _pointed(record):
    if isinstance(record, types.Array):
        return types.CPointer(record.dtype)
    return types.NamedTuple([_pointed(field) for field in record.types], record.instance_class)


@intrinsic
def pointers(typingctx, record):
    """The named tuple of contiguous arrays, or of such tuples, with the addresses of their data.

    The caller keeps the arrays alive.
    """
    result = _pointed(record)

    def point(context, builder, kind, value):
        if isinstance(kind, types.Array):
            return context.make_array(kind)(context, builder, value).data
        fields = [
            point(context, builder, field, builder.extract_value(value, k))
            for k, field in enumerate(kind.types)
        ]
        return context.make_tuple(builder, _pointed(kind), fields)

    def codegen(context, builder, signature, args):
        return point(context, builder, record, args[0])

    return result(record), codegen


#: The decorator of functions that become part of the kernel that calls them, and take addresses.
inlined = njit(forceinline=True, **OPTIONS)
