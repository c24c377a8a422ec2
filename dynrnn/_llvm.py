"""Two things LLVM does that Numba does not offer: reading a float's bits, and sums held in vector registers."""

from __future__ import annotations

import struct

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload, register_jitable

from dynrnn import _jit


def _bitcast(source, target, llvm_target):
    @intrinsic
    def cast(typingctx, value):
        def codegen(context, builder, signature, args):
            return builder.bitcast(args[0], llvm_target)

        return target(source), codegen

    return cast


if _jit.DISABLED:

    def float_to_bits(value):
        """The 64 bits of a float as an integer."""
        return struct.unpack("<q", struct.pack("<d", value))[0]

    def bits_to_float(bits):
        """The float whose 64 bits are those of an integer."""
        return struct.unpack("<d", struct.pack("<Q", bits & 0xFFFFFFFFFFFFFFFF))[0]

else:
    float_to_bits = _bitcast(types.float64, types.int64, ir.IntType(64))
    bits_to_float = _bitcast(types.int64, types.float64, ir.DoubleType())


@intrinsic
def _fused(typingctx, a, b, c):
    if not a == b == c:
        return None

    def codegen(context, builder, signature, args):
        return builder.fma(*args)

    return a(a, b, c), codegen


def fma(a, b, c):
    """``a * b + c`` with one rounding; in plain Python with two."""
    return a * b + c


@overload(fma, inline="always")
def _fma_compiled(a, b, c):
    return lambda a, b, c: _fused(a, b, c)


def borrowed(value):
    """`value` (an array, or named tuples of arrays) without its reference counts, for as long as the caller holds it.

    Each array that compiled code takes out of a tuple is counted by an atomic operation, several dozen a step; arrays
    without an owner are not. In plain Python this is `value` itself.
    """
    return value


def _disown(context, builder, ty, value):
    if isinstance(ty, types.Array):
        array = context.make_array(ty)(context, builder, value)
        array.meminfo = cgutils.get_null_value(array.meminfo.type)
        array.parent = cgutils.get_null_value(array.parent.type)
        return array._getvalue()
    if isinstance(ty, types.BaseTuple):
        for i, item in enumerate(ty):
            piece = _disown(context, builder, item, builder.extract_value(value, i))
            value = builder.insert_value(value, piece, i)
    return value


@intrinsic
def _borrowed(typingctx, value):
    def codegen(context, builder, signature, args):
        return _disown(context, builder, signature.args[0], args[0])

    return value(value), codegen


@overload(borrowed, inline="always")
def _borrowed_compiled(value):
    return lambda value: _borrowed(value)


GROUP = 4
"""Non-zeros of a row that are multiplied together; their partial sums are added pairwise at the end of the row."""
LANES = 16
"""Columns that `add_row_of_columns` advances together."""


def _loop(builder, start, stop, step, initial, advance):
    """``for k in range(start, stop, step)``, carrying `initial` through ``advance(k, values)``; the final values."""
    before = builder.basic_block
    head, body, done = (builder.append_basic_block(name) for name in ("head", "body", "done"))
    builder.branch(head)
    builder.position_at_end(head)
    k = builder.phi(start.type)
    k.add_incoming(start, before)
    carried = [builder.phi(value.type) for value in initial]
    for phi, value in zip(carried, initial, strict=True):
        phi.add_incoming(value, before)
    builder.cbranch(builder.icmp_signed("<", k, stop), body, done)
    builder.position_at_end(body)
    after = advance(k, carried)
    k.add_incoming(builder.add(k, start.type(step)), body)
    for phi, value in zip(carried, after, strict=True):
        phi.add_incoming(value, body)
    builder.branch(head)
    builder.position_at_end(done)
    return carried


def _load(context, builder, pointer, kind):
    """Load a vector or a wide integer from where its elements stand, which may be aligned for one of them only."""
    element = kind.element if isinstance(kind, ir.VectorType) else pointer.type.pointee
    return builder.load(builder.bitcast(pointer, kind.as_pointer()), align=element.get_abi_size(context.target_data))


def _indices(context, builder, pointer, intp):
    """GROUP unsigned indices, read as one integer and taken apart: fewer loads, of which there are two a cycle."""
    width = pointer.type.pointee.width
    packed = _load(context, builder, pointer, ir.IntType(width * GROUP))
    parts = (builder.trunc(builder.lshr(packed, packed.type(g * width)), pointer.type.pointee) for g in range(GROUP))
    return [builder.zext(part, intp) for part in parts]


def _fuse(builder, a, b, c):
    """``a * b + c`` of vectors, with one rounding."""
    kind = "f64" if isinstance(a.type.element, ir.DoubleType) else "f32"
    function = ir.FunctionType(a.type, [a.type] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, function, f"llvm.fma.v{a.type.count}{kind}"), [a, b, c])


def _pairwise(builder, sums):
    """``(s0 + s2) + (s1 + s3)``."""
    while len(sums) > 1:
        half = len(sums) // 2
        sums = [builder.fadd(sums[i], sums[i + half]) for i in range(half)]
    return sums[0]


def _arrays(context, builder, signature, args):
    pairs = zip(signature.args, args, strict=True)
    return [context.make_array(t)(context, builder, a) for t, a in pairs if isinstance(t, types.Array)]


@intrinsic
def _sum_groups(typingctx, values, indices, start, stop, x):
    """``sum_k values[k] x[indices[k]]`` over whole groups, one partial sum for each place in a group."""
    if values.dtype != x.dtype:
        return None

    def codegen(context, builder, signature, args):
        weights, index, source = _arrays(context, builder, signature, args)
        intp, lane = context.get_value_type(types.intp), ir.IntType(32)
        vector = ir.VectorType(context.get_value_type(signature.args[0].dtype), GROUP)

        def advance(k, sums):
            gathered = ir.Constant(vector, ir.Undefined)
            for g, j in enumerate(_indices(context, builder, builder.gep(index.data, [k]), intp)):
                gathered = builder.insert_element(gathered, builder.load(builder.gep(source.data, [j])), lane(g))
            weight = _load(context, builder, builder.gep(weights.data, [k]), vector)
            return [_fuse(builder, weight, gathered, sums[0])]

        (total,) = _loop(builder, args[2], args[3], GROUP, [ir.Constant(vector, [0.0] * GROUP)], advance)
        return _pairwise(builder, [builder.extract_element(total, lane(g)) for g in range(GROUP)])

    return values.dtype(values, indices, types.intp, types.intp, x), codegen


def _row_adder(lanes):
    """An intrinsic that adds `sum_row` of `lanes` columns of X from `column` to a row of `out`, all sums in registers."""

    @intrinsic
    def add(typingctx, values, indices, start, stop, X, column, out, row):
        if not values.dtype == X.dtype == out.dtype:
            return None

        def codegen(context, builder, signature, args):
            weights, index, source, target = _arrays(context, builder, signature, args)
            first, last, column = args[2], args[3], args[5]
            scalar, intp = context.get_value_type(signature.args[0].dtype), context.get_value_type(types.intp)
            vector = ir.VectorType(scalar, min(lanes, 8 if isinstance(scalar, ir.DoubleType) else 16))
            pieces, align = range(lanes // vector.count), scalar.get_abi_size(context.target_data)
            undefined = ir.Constant(vector, ir.Undefined)
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)

            def row_pointers(array, i):
                base = builder.add(builder.mul(i, cgutils.unpack_tuple(builder, array.shape)[1]), column)
                return [builder.gep(array.data, [builder.add(base, intp(piece * vector.count))]) for piece in pieces]

            def add_product(sums, k, j):
                weight = builder.insert_element(undefined, builder.load(builder.gep(weights.data, [k])), ir.IntType(32)(0))
                weight = builder.shuffle_vector(weight, undefined, zeros)
                loaded = [_load(context, builder, q, vector) for q in row_pointers(source, j)]
                return [_fuse(builder, weight, x, s) for s, x in zip(sums, loaded, strict=True)]

            def advance_group(k, sums):
                after = []
                for g, j in enumerate(_indices(context, builder, builder.gep(index.data, [k]), intp)):
                    after += add_product(sums[g * len(pieces) :][: len(pieces)], builder.add(k, intp(g)), j)
                return after

            def advance_one(k, sums):
                return add_product(sums, k, builder.zext(builder.load(builder.gep(index.data, [k])), intp))

            whole = builder.add(first, builder.and_(builder.sub(last, first), intp(-GROUP)))
            nothing = [ir.Constant(vector, [0.0] * vector.count)] * (GROUP * len(pieces))
            partial = _loop(builder, first, whole, GROUP, nothing, advance_group)
            totals = [_pairwise(builder, partial[piece :: len(pieces)]) for piece in pieces]
            totals = _loop(builder, whole, last, 1, totals, advance_one)
            for total, pointer in zip(totals, row_pointers(target, args[7]), strict=True):
                after = builder.fadd(_load(context, builder, pointer, vector), total)
                builder.store(after, builder.bitcast(pointer, vector.as_pointer()), align=align)
            return context.get_dummy_value()

        return types.void(values, indices, types.intp, types.intp, X, types.intp, out, types.intp), codegen

    return add


_ADDERS = {lanes: _row_adder(lanes) for lanes in (LANES, LANES // 2)}


def sum_groups(values, indices, start, stop, x):
    """``sum_k values[k] x[indices[k]]`` over whole groups: one partial sum for each place in a group, added pairwise."""
    zero = values.dtype.type(0)
    s0, s1, s2, s3 = zero, zero, zero, zero
    for k in range(start, stop, GROUP):
        s0 = fma(values[k], x[indices[k]], s0)
        s1 = fma(values[k + 1], x[indices[k + 1]], s1)
        s2 = fma(values[k + 2], x[indices[k + 2]], s2)
        s3 = fma(values[k + 3], x[indices[k + 3]], s3)
    return (s0 + s2) + (s1 + s3)


@overload(sum_groups, inline="always")
def _sum_groups_compiled(values, indices, start, stop, x):
    if not (values.layout == indices.layout == x.layout == "C"):  # a strided view: what the registers do takes neighbours
        return sum_groups
    return lambda values, indices, start, stop, x: _sum_groups(values, indices, start, stop, x)


@register_jitable(inline="always")
def sum_row(values, indices, start, stop, x):
    """``sum_k values[k] x[indices[k]]`` for ``start <= k < stop``: whole groups first, then the rest in order."""
    whole = start + (stop - start) // GROUP * GROUP
    total = sum_groups(values, indices, start, whole, x)
    for k in range(whole, stop):
        total = fma(values[k], x[indices[k]], total)
    return total


def _row_of_columns(lanes):
    """`add_row_of_columns` for one number of columns: plain Python, and what compiled code has in its place."""

    def plain(values, indices, start, stop, X, column, out, row):
        for c in range(column, column + lanes):
            out[row, c] += sum_row(values, indices, start, stop, X[:, c])

    adder = _ADDERS[lanes]

    @overload(plain, inline="always")
    def compiled(values, indices, start, stop, X, column, out, row):
        if not (values.layout == indices.layout == X.layout == out.layout == "C"):
            return plain
        return lambda values, indices, start, stop, X, column, out, row: adder(values, indices, start, stop, X, column, out, row)

    return plain


add_row_of_columns = _row_of_columns(LANES)
"""Add `sum_row` of each of LANES columns from `column` to ``out[row]``, each in the same order."""
add_row_of_half = _row_of_columns(LANES // 2)
"""The same for half as many columns."""
