"""What LLVM does and Numba does not offer: reading a float's bits, arrays without an owner, and words for vectors and loops."""

from __future__ import annotations

import struct

from llvmlite import ir
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


def loop(builder, start, stop, step, initial, advance):
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


def load(context, builder, pointer, kind):
    """Load a vector or a wide integer from where its elements stand, which may be aligned for one of them only."""
    number = kind.element if isinstance(kind, ir.VectorType) else pointer.type.pointee
    return builder.load(builder.bitcast(pointer, kind.as_pointer()), align=number.get_abi_size(context.target_data))


def element(context, builder, kind, value, *index):
    """A pointer to an element of an array, which may be strided."""
    array = context.make_array(kind)(context, builder, value)
    shape, strides = (cgutils.unpack_tuple(builder, part) for part in (array.shape, array.strides))
    return cgutils.get_item_pointer2(context, builder, array.data, shape, strides, kind.layout, index)


def fuse(builder, a, b, c):
    """``a * b + c`` of vectors, with one rounding."""
    kind = "f64" if isinstance(a.type.element, ir.DoubleType) else "f32"
    function = ir.FunctionType(a.type, [a.type] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, function, f"llvm.fma.v{a.type.count}{kind}"), [a, b, c])


def splat(builder, value, vector):
    """A vector of equal elements."""
    undefined = ir.Constant(vector, ir.Undefined)
    first = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(builder.insert_element(undefined, value, ir.IntType(32)(0)), undefined, first)
