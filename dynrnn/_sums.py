"""Sums that stay in vector registers: slices of a sparse matrix times vectors, and products of dense matrices in tiles."""

from __future__ import annotations

import functools
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

from dynrnn._llvm import element, fma, fuse, load, loop, splat

ROWS = 8
"""Rows of a sparse matrix that are summed together, a slice: see `dynrnn.couplings.Sparse`."""
LANES = 16
"""Columns that `add_slice_to_columns` advances together."""


def _indices(context, builder, pointer):
    """ROWS unsigned indices, read as 64-bit integers and taken apart: loads are what the products are bound by."""
    narrow, wide, out = pointer.type.pointee, ir.IntType(64), []
    for start in range(0, ROWS, 64 // narrow.width):
        packed = load(context, builder, builder.gep(pointer, [wide(start)]), wide)
        parts = (builder.lshr(packed, wide(bit)) for bit in range(0, 64, narrow.width))
        out += [builder.zext(builder.trunc(part, narrow), context.get_value_type(types.intp)) for part in parts]
    return out


@intrinsic
def _add_slice(typingctx, weights, sources, first, last, targets, i, x, out):
    """`add_slice` with the sums of all rows in one register."""
    if not weights.dtype == x.dtype == out.dtype:
        return None

    def codegen(context, builder, signature, args):
        weights, sources, targets, x, out = (
            functools.partial(element, context, builder, signature.args[k], args[k]) for k in (0, 1, 4, 6, 7)
        )
        lane, vector = ir.IntType(32), ir.VectorType(context.get_value_type(signature.args[0].dtype), ROWS)

        def advance(k, sums):
            heard = ir.Constant(vector, ir.Undefined)
            for r, j in enumerate(_indices(context, builder, sources(k))):
                heard = builder.insert_element(heard, builder.load(x(j)), lane(r))
            return [fuse(builder, load(context, builder, weights(k), vector), heard, sums[0])]

        (sums,) = loop(builder, args[2], args[3], ROWS, [ir.Constant(vector, [0.0] * ROWS)], advance)
        for r, j in enumerate(_indices(context, builder, targets(args[5], args[5].type(0)))):
            builder.store(builder.fadd(builder.load(out(j)), builder.extract_element(sums, lane(r))), out(j))
        return context.get_dummy_value()

    return types.void(weights, sources, types.intp, types.intp, targets, types.intp, x, out), codegen


def _columns_adder(lanes):
    """An intrinsic: `add_slice` for `lanes` neighbouring columns, with all sums in registers."""

    @intrinsic
    def add(typingctx, weights, sources, first, last, targets, i, X, column, OUT):
        if not weights.dtype == X.dtype == OUT.dtype:
            return None

        def codegen(context, builder, signature, args):
            weights, sources, targets, X, OUT = (
                functools.partial(element, context, builder, signature.args[k], args[k]) for k in (0, 1, 4, 6, 8)
            )
            scalar, intp = context.get_value_type(signature.args[0].dtype), args[7].type
            size = scalar.get_abi_size(context.target_data)
            vector = ir.VectorType(scalar, min(lanes, 64 // size))
            columns = [builder.add(args[7], intp(c)) for c in range(0, lanes, vector.count)]

            def advance(k, sums):
                before, after = iter(sums), []
                for r, j in enumerate(_indices(context, builder, sources(k))):
                    weight = splat(builder, builder.load(weights(builder.add(k, intp(r)))), vector)
                    after += [fuse(builder, weight, load(context, builder, X(j, c), vector), next(before)) for c in columns]
                return after

            nothing = [ir.Constant(vector, [0.0] * vector.count)] * (ROWS * len(columns))
            sums = iter(loop(builder, args[2], args[3], ROWS, nothing, advance))
            for j in _indices(context, builder, targets(args[5], intp(0))):
                for pointer in (OUT(j, c) for c in columns):
                    total = builder.fadd(load(context, builder, pointer, vector), next(sums))
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


# ----------------------------------------------------------------------------------------------------- dense tiles


@functools.cache
def _tile() -> tuple[int, int]:
    """Rows of a tile of a product, and the bytes in each: as many sums as stay in the registers."""
    return (8, 128) if binding.get_host_cpu_features().get("avx512f") else (4, 64)


class _Tiles:
    """Writes the code of ``OUT += A B``, tile by tile of OUT."""

    def __init__(self, context: Any, builder: Any, kinds: Any, arrays: Any):
        self.context, self.builder = context, builder
        self.a, self.b, self.out = (
            functools.partial(element, context, builder, *pair) for pair in zip(kinds, arrays, strict=True)
        )
        shapes = (context.make_array(kind)(context, builder, array).shape for kind, array in zip(kinds, arrays, strict=True))
        (self.rows, self.inner), (_, self.columns), _ = (cgutils.unpack_tuple(builder, shape) for shape in shapes)
        scalar = context.get_value_type(kinds[0].dtype)
        self.size = scalar.get_abi_size(context.target_data)
        self.vector = ir.VectorType(scalar, _tile()[1] // self.size)

    def write(self) -> None:
        """Whole tiles, then the last rows one by one; of both first whole vectors of columns, then what is left of them."""
        builder, intp, lanes = self.builder, self.rows.type, self.vector.count
        even = builder.sub(self.rows, builder.srem(self.rows, intp(_tile()[0])))
        whole = builder.sub(self.columns, builder.srem(self.columns, intp(lanes)))
        index = ir.VectorType(intp, lanes)
        places = builder.add(splat(builder, whole, index), ir.Constant(index, list(range(lanes))))
        mask = builder.icmp_signed("<", places, splat(builder, self.columns, index))
        for first, last, height in ((intp(0), even, _tile()[0]), (even, self.rows, 1)):
            strip = functools.partial(self._strip, first, last, height)
            loop(builder, intp(0), whole, lanes, [], lambda c, _, strip=strip: strip(c, None))
            with builder.if_then(builder.icmp_signed("<", whole, self.columns)):
                strip(whole, mask)

    def _strip(self, first: Any, last: Any, height: int, c: Any, mask: Any) -> list[Any]:
        """The tiles of `height` rows in the columns from c."""
        loop(self.builder, first, last, height, [], lambda i, _: self._one(height, i, c, mask))
        return []

    def _one(self, height: int, i: Any, c: Any, mask: Any) -> list[Any]:
        """The tile whose corner is (i, c)."""
        builder = self.builder
        rows = [builder.add(i, i.type(r)) for r in range(height)]

        def add(j, sums):
            line = self._load(self.b(j, c), mask)
            factors = [splat(builder, builder.load(self.a(r, j)), self.vector) for r in rows]
            return [fuse(builder, factor, line, total) for factor, total in zip(factors, sums, strict=True)]

        sums = loop(builder, i.type(0), self.inner, 1, [self._load(self.out(r, c), mask) for r in rows], add)
        for r, total in zip(rows, sums, strict=True):
            self._store(total, self.out(r, c), mask)
        return []

    def _load(self, pointer: Any, mask: Any) -> Any:
        if mask is None:
            return load(self.context, self.builder, pointer, self.vector)
        return self._masked("load", self.vector, pointer, mask, ir.Constant(self.vector, [0.0] * self.vector.count))

    def _store(self, total: Any, pointer: Any, mask: Any) -> None:
        if mask is None:
            self.builder.store(total, self.builder.bitcast(pointer, self.vector.as_pointer()), align=self.size)
        else:
            self._masked("store", ir.VoidType(), pointer, mask, total)

    def _masked(self, name: str, returned: Any, pointer: Any, mask: Any, vector: Any) -> Any:
        """Load or store a vector without the elements that a mask excludes."""
        kind = f"v{self.vector.count}f{8 * self.size}"
        pointer, align = self.builder.bitcast(pointer, self.vector.as_pointer()), ir.IntType(32)(self.size)
        arguments = [pointer, align, mask, vector] if name == "load" else [vector, pointer, align, mask]
        signature = ir.FunctionType(returned, [argument.type for argument in arguments])
        function = cgutils.get_or_insert_function(self.builder.module, signature, f"llvm.masked.{name}.{kind}.p0{kind}")
        return self.builder.call(function, arguments)


@intrinsic
def _add_product(typingctx, A, B, OUT):
    def codegen(context, builder, signature, args):
        _Tiles(context, builder, signature.args, args).write()
        return context.get_dummy_value()

    return types.void(A, B, OUT), codegen


def add_product(A, B, OUT):
    """``OUT += A B``, each sum in the order of its terms, whatever the shapes: so that bits do not depend on the batch."""
    for j in range(A.shape[1]):
        OUT += A[:, j : j + 1] * B[j]


def _add_outer_products(A, B, OUT):
    for j in range(A.shape[1]):
        for i in range(OUT.shape[0]):
            for c in range(OUT.shape[1]):
                OUT[i, c] = fma(A[i, j], B[j, c], OUT[i, c])


@overload(add_product, inline="always")
def _add_product_compiled(A, B, OUT):
    if not A.dtype == B.dtype == OUT.dtype or not B.layout == OUT.layout == "C":  # columns that are no neighbours
        return _add_outer_products
    return lambda A, B, OUT: _add_product(A, B, OUT)
