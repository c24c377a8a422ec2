"""Two things LLVM does that Numba does not offer: reading a float's bits, and sums held in vector registers."""

from __future__ import annotations

import struct

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, register_jitable

from dynrnn import _jit

LANES = 16
"""Columns that `accumulate_columns` advances together."""


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
def _accumulate(typingctx, data, indices, start, stop, X, column, out, row):
    """``out[row, c] += sum_k data[k] X[indices[k], c]`` for LANES columns from `column`, the sums kept in registers."""
    signature = types.void(data, indices, types.intp, types.intp, X, types.intp, out, types.intp)

    def codegen(context, builder, signature, args):
        weights, index, source, target = (context.make_array(signature.args[i])(context, builder, args[i]) for i in (0, 1, 4, 6))
        scalar = context.get_value_type(signature.args[0].dtype)
        width = 8 if isinstance(scalar, ir.DoubleType) else 16
        vector, intp = ir.VectorType(scalar, width), context.get_value_type(types.intp)
        groups = range(LANES // width)

        def lanes(array, r):
            base = builder.add(builder.mul(r, cgutils.unpack_tuple(builder, array.shape)[1]), args[5])
            starts = [builder.gep(array.data, [builder.add(base, intp(g * width))]) for g in groups]
            return [builder.bitcast(start, vector.as_pointer()) for start in starts]

        def load(pointers):
            return [builder.load(q, align=scalar.get_abi_size(context.target_data)) for q in pointers]

        pointers = lanes(target, args[7])
        before = builder.basic_block
        head, body, done = (builder.append_basic_block(n) for n in ("head", "body", "done"))
        first = load(pointers)
        builder.branch(head)
        builder.position_at_end(head)
        k = builder.phi(intp)
        k.add_incoming(args[2], before)
        sums = [builder.phi(vector) for _ in groups]
        for phi, value in zip(sums, first, strict=True):
            phi.add_incoming(value, before)
        builder.cbranch(builder.icmp_signed("<", k, args[3]), body, done)
        builder.position_at_end(body)
        weight = builder.load(builder.gep(weights.data, [k]))
        splat = builder.shuffle_vector(
            builder.insert_element(ir.Constant(vector, ir.Undefined), weight, ir.IntType(32)(0)),
            ir.Constant(vector, ir.Undefined),
            ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width),
        )
        j = builder.load(builder.gep(index.data, [k]))
        j = builder.zext(j, intp) if j.type.width < intp.width else j
        after = [builder.fadd(s, builder.fmul(splat, x)) for s, x in zip(sums, load(lanes(source, j)), strict=True)]
        k.add_incoming(builder.add(k, intp(1)), body)
        for phi, value in zip(sums, after, strict=True):
            phi.add_incoming(value, body)
        builder.branch(head)
        builder.position_at_end(done)
        for value, pointer in zip(sums, pointers, strict=True):
            builder.store(value, pointer, align=scalar.get_abi_size(context.target_data))
        return context.get_dummy_value()

    return signature, codegen


def _accumulate_plain(data, indices, start, stop, X, column, out, row):
    for k in range(start, stop):
        for c in range(column, column + LANES):
            out[row, c] += data[k] * X[indices[k], c]


if _jit.DISABLED:
    accumulate_columns = _accumulate_plain
else:

    @register_jitable
    def accumulate_columns(data, indices, start, stop, X, column, out, row):
        """``out[row, c] += sum_k data[k] X[indices[k], c]`` for LANES columns from `column`, in the order of k."""
        _accumulate(data, indices, start, stop, X, column, out, row)
