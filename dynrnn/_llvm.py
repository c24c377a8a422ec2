"""What LLVM does and Numba does not offer: reading a float's bits, and sums held in vector registers."""

from __future__ import annotations

import functools
import struct

from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

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


ROWS = 8
"""Rows of a sparse matrix that are summed together, a slice: see `dynrnn.couplings.Sparse`."""
LANES = 16
"""Columns that `add_slice_to_columns` advances together."""


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
    k.add_incoming(builder.add(k, start.type(step)), builder.basic_block)
    for phi, value in zip(carried, after, strict=True):
        phi.add_incoming(value, builder.basic_block)
    builder.branch(head)
    builder.position_at_end(done)
    return carried


def _load(context, builder, pointer, kind):
    """Load a vector or a wide integer from where its elements stand, which may be aligned for one of them only."""
    element = kind.element if isinstance(kind, ir.VectorType) else pointer.type.pointee
    return builder.load(builder.bitcast(pointer, kind.as_pointer()), align=element.get_abi_size(context.target_data))


def _element(context, builder, kind, value, *index):
    """A pointer to an element of an array, which may be strided."""
    array = context.make_array(kind)(context, builder, value)
    shape, strides = (cgutils.unpack_tuple(builder, part) for part in (array.shape, array.strides))
    return cgutils.get_item_pointer2(context, builder, array.data, shape, strides, kind.layout, index)


def _indices(context, builder, pointer):
    """ROWS unsigned indices, read as 64-bit integers and taken apart: loads are what the products are bound by."""
    narrow, wide, out = pointer.type.pointee, ir.IntType(64), []
    for start in range(0, ROWS, 64 // narrow.width):
        packed = _load(context, builder, builder.gep(pointer, [wide(start)]), wide)
        parts = (builder.lshr(packed, wide(bit)) for bit in range(0, 64, narrow.width))
        out += [builder.zext(builder.trunc(part, narrow), context.get_value_type(types.intp)) for part in parts]
    return out


def _fuse(builder, a, b, c):
    """``a * b + c`` of vectors, with one rounding."""
    kind = "f64" if isinstance(a.type.element, ir.DoubleType) else "f32"
    function = ir.FunctionType(a.type, [a.type] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, function, f"llvm.fma.v{a.type.count}{kind}"), [a, b, c])


@intrinsic
def _add_slice(typingctx, weights, sources, first, last, targets, i, x, out):
    """`add_slice` with the sums of all rows in one register."""
    if not weights.dtype == x.dtype == out.dtype:
        return None

    def codegen(context, builder, signature, args):
        weights, sources, targets, x, out = (
            functools.partial(_element, context, builder, signature.args[k], args[k]) for k in (0, 1, 4, 6, 7)
        )
        lane, vector = ir.IntType(32), ir.VectorType(context.get_value_type(signature.args[0].dtype), ROWS)

        def advance(k, sums):
            heard = ir.Constant(vector, ir.Undefined)
            for r, j in enumerate(_indices(context, builder, sources(k))):
                heard = builder.insert_element(heard, builder.load(x(j)), lane(r))
            return [_fuse(builder, _load(context, builder, weights(k), vector), heard, sums[0])]

        (sums,) = _loop(builder, args[2], args[3], ROWS, [ir.Constant(vector, [0.0] * ROWS)], advance)
        for r, j in enumerate(_indices(context, builder, targets(args[5], args[5].type(0)))):
            builder.store(builder.fadd(builder.load(out(j)), builder.extract_element(sums, lane(r))), out(j))
        return context.get_dummy_value()

    return types.void(weights, sources, types.intp, types.intp, targets, types.intp, x, out), codegen


def _splat(builder, value, vector):
    """A vector of equal elements."""
    undefined = ir.Constant(vector, ir.Undefined)
    first = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(builder.insert_element(undefined, value, ir.IntType(32)(0)), undefined, first)


def _columns_adder(lanes):
    """An intrinsic: `add_slice` for `lanes` neighbouring columns, with all sums in registers."""

    @intrinsic
    def add(typingctx, weights, sources, first, last, targets, i, X, column, OUT):
        if not weights.dtype == X.dtype == OUT.dtype:
            return None

        def codegen(context, builder, signature, args):
            weights, sources, targets, X, OUT = (
                functools.partial(_element, context, builder, signature.args[k], args[k]) for k in (0, 1, 4, 6, 8)
            )
            scalar, intp = context.get_value_type(signature.args[0].dtype), args[7].type
            size = scalar.get_abi_size(context.target_data)
            vector = ir.VectorType(scalar, min(lanes, 64 // size))
            columns = [builder.add(args[7], intp(c)) for c in range(0, lanes, vector.count)]

            def advance(k, sums):
                before, after = iter(sums), []
                for r, j in enumerate(_indices(context, builder, sources(k))):
                    weight = _splat(builder, builder.load(weights(builder.add(k, intp(r)))), vector)
                    after += [_fuse(builder, weight, _load(context, builder, X(j, c), vector), next(before)) for c in columns]
                return after

            nothing = [ir.Constant(vector, [0.0] * vector.count)] * (ROWS * len(columns))
            sums = iter(_loop(builder, args[2], args[3], ROWS, nothing, advance))
            for j in _indices(context, builder, targets(args[5], intp(0))):
                for pointer in (OUT(j, c) for c in columns):
                    total = builder.fadd(_load(context, builder, pointer, vector), next(sums))
                    builder.store(total, builder.bitcast(pointer, vector.as_pointer()), align=size)
            return context.get_dummy_value()

        return types.void(weights, sources, types.intp, types.intp, targets, types.intp, X, types.intp, OUT), codegen

    return add


def add_slice(weights, sources, first, last, targets, i, x, out):
    """Add to ``out[targets[i, r]]`` the sum of ``weights[k + r] x[sources[k + r]]`` over k = first, first + ROWS, … < last."""
    for r in range(ROWS):
        total = weights.dtype.type(0)
        for k in range(first, last, ROWS):
            total = fma(weights[k + r], x[sources[k + r]], total)
        out[targets[i, r]] += total


@overload(add_slice, inline="always")
def _add_slice_compiled(weights, sources, first, last, targets, i, x, out):
    return lambda weights, sources, first, last, targets, i, x, out: _add_slice(weights, sources, first, last, targets, i, x, out)


def _slice_to_columns(lanes):
    """`add_slice_to_columns` for one number of columns: plain Python, and what compiled code has in its place."""

    def plain(weights, sources, first, last, targets, i, X, column, OUT):
        for c in range(column, column + lanes):
            add_slice(weights, sources, first, last, targets, i, X[:, c], OUT[:, c])

    add = _columns_adder(lanes)

    @overload(plain, inline="always")
    def compiled(weights, sources, first, last, targets, i, X, column, OUT):
        if not X.layout == OUT.layout == "C":  # columns that are no neighbours
            return plain
        return lambda weights, sources, first, last, targets, i, X, column, OUT: add(
            weights, sources, first, last, targets, i, X, column, OUT
        )

    return plain


add_slice_to_columns = _slice_to_columns(LANES)
"""`add_slice` for each of LANES columns from `column`, in the same order."""
add_slice_to_half = _slice_to_columns(LANES // 2)
"""The same for half as many columns."""


@functools.cache
def _tile():
    """Rows of a tile of a product, and the bytes in each: as many sums as stay in the registers."""
    return (8, 128) if binding.get_host_cpu_features().get("avx512f") else (4, 64)


def _masked(builder, name, vector, arguments, returned):
    """A function that leaves alone the elements a mask excludes."""
    kind = f"v{vector.count}{'f64' if isinstance(vector.element, ir.DoubleType) else 'f32'}"
    function = ir.FunctionType(returned, [argument.type for argument in arguments])
    return builder.call(
        cgutils.get_or_insert_function(builder.module, function, f"llvm.masked.{name}.{kind}.p0{kind}"), arguments
    )


@intrinsic
def _add_product(typingctx, A, B, OUT):
    """`add_product`, tile by tile of OUT, whose sums stay in registers."""
    if not A.dtype == B.dtype == OUT.dtype or not B.layout == OUT.layout == "C":
        return None

    def codegen(context, builder, signature, args):
        a, b, out = (functools.partial(_element, context, builder, *pair) for pair in zip(signature.args, args, strict=True))
        shapes = (context.make_array(kind)(context, builder, v).shape for kind, v in zip(signature.args, args, strict=True))
        (rows, inner), (_, columns), _ = (cgutils.unpack_tuple(builder, shape) for shape in shapes)
        scalar, intp, height = context.get_value_type(signature.args[0].dtype), rows.type, _tile()[0]
        size = scalar.get_abi_size(context.target_data)
        vector = ir.VectorType(scalar, _tile()[1] // size)
        align, whole = ir.IntType(32)(size), builder.sub(columns, builder.srem(columns, intp(vector.count)))

        def strip(first, last, height, mask):
            """Tiles of `height` rows, from row `first` on, in the columns from c."""

            def load(pointer):
                if mask is None:
                    return _load(context, builder, pointer, vector)
                nothing = ir.Constant(vector, [0.0] * vector.count)
                return _masked(
                    builder, "load", vector, [builder.bitcast(pointer, vector.as_pointer()), align, mask, nothing], vector
                )

            def store(total, pointer):
                pointer = builder.bitcast(pointer, vector.as_pointer())
                if mask is None:
                    builder.store(total, pointer, align=size)
                else:
                    _masked(builder, "store", vector, [total, pointer, align, mask], ir.VoidType())

            def tiles(c):
                def tile(i, _):
                    lines = [builder.add(i, intp(r)) for r in range(height)]

                    def advance(j, sums):
                        line = load(b(j, c))
                        return [
                            _fuse(builder, _splat(builder, builder.load(a(r, j)), vector), line, total)
                            for r, total in zip(lines, sums, strict=True)
                        ]

                    sums = _loop(builder, intp(0), inner, 1, [load(out(r, c)) for r in lines], advance)
                    for r, total in zip(lines, sums, strict=True):
                        store(total, out(r, c))
                    return []

                _loop(builder, first, last, height, [], tile)

            return tiles

        even = builder.sub(rows, builder.srem(rows, intp(height)))
        lanes = ir.VectorType(intp, vector.count)
        places = builder.add(_splat(builder, whole, lanes), ir.Constant(lanes, list(range(vector.count))))
        rest = builder.icmp_signed("<", places, _splat(builder, columns, lanes))
        for first, last, tall in ((intp(0), even, height), (even, rows, 1)):
            full = strip(first, last, tall, None)
            _loop(builder, intp(0), whole, vector.count, [], lambda c, _, full=full: full(c) or [])
            with builder.if_then(builder.icmp_signed("<", whole, columns)):
                strip(first, last, tall, rest)(whole)
        return context.get_dummy_value()

    return types.void(A, B, OUT), codegen


def add_product(A, B, OUT):
    """``OUT += A B``, each sum in the order of its terms, whatever the shapes: so that bits do not depend on the batch."""
    OUT += A @ B


@overload(add_product, inline="always")
def _add_product_compiled(A, B, OUT):
    return lambda A, B, OUT: _add_product(A, B, OUT)
