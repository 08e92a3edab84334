"""Sums over samples of the products of rows, in tiles of four rows with two.

Whoever adds up the products of some rows on the left with some on the right is given the first tile
to add to, and hands back the next free one; from the same tile the sums are read at the end.
"""

from __future__ import annotations

from numba import njit

from npnets_kernels.rows import LANES, TILE_COLUMNS, TILE_ROWS, zero
from npnets_kernels.simd import load_block, offset, store, sum_rows


@njit(forceinline=True)
def multiply_tile(rows, left, right, tile):
    """Add to block ``tile`` of the sums the products of four rows with two, over all samples."""
    step = rows.stride * LANES
    left1, left2, left3 = offset(left, step), offset(left, 2 * step), offset(left, 3 * step)
    right1 = offset(right, step)
    s00 = s01 = s10 = s11 = s20 = s21 = s30 = s31 = zero(rows)
    for b in range(rows.n_blocks):
        r0, r1 = load_block(right, b), load_block(right1, b)
        row = load_block(left, b)
        s00, s01 = s00 + row * r0, s01 + row * r1
        row = load_block(left1, b)
        s10, s11 = s10 + row * r0, s11 + row * r1
        row = load_block(left2, b)
        s20, s21 = s20 + row * r0, s21 + row * r1
        row = load_block(left3, b)
        s30, s31 = s30 + row * r0, s31 + row * r1
    store(rows.square, 0, s00)
    store(rows.square, 1, s01)
    store(rows.square, 2, s10)
    store(rows.square, 3, s11)
    store(rows.square, 4, s20)
    store(rows.square, 5, s21)
    store(rows.square, 6, s30)
    store(rows.square, 7, s31)
    store(rows.sums, tile, load_block(rows.sums, tile) + sum_rows(rows.square, 0))


@njit
def multiply_rows(rows, left, n_left, right, n_right, tile):
    """Add the products of all rows on the left with all on the right; the next free tile."""
    step = rows.stride * LANES
    for a in range(0, n_left, TILE_ROWS):
        for b in range(0, n_right, TILE_COLUMNS):
            multiply_tile(rows, offset(left, a * step), offset(right, b * step), tile)
            tile += 1
    return tile


@njit
def multiply_half(rows, left, right, n, tile):
    """The same of n rows with n, of which only those are read where b <= a."""
    step = rows.stride * LANES
    for a in range(0, n, TILE_ROWS):
        stop = min(a + TILE_ROWS, n)
        tile = multiply_rows(rows, offset(left, a * step), stop - a, right, stop, tile)
    return tile


@njit
def tiles_of(n_left, n_right):
    """How many tiles ``multiply_rows`` takes."""
    return ((n_left + TILE_ROWS - 1) // TILE_ROWS) * ((n_right + TILE_COLUMNS - 1) // TILE_COLUMNS)


@njit
def tiles_of_half(n):
    """How many tiles ``multiply_half`` takes."""
    tiles = 0
    for a in range(0, n, TILE_ROWS):
        tiles += tiles_of(TILE_ROWS, min(a + TILE_ROWS, n))
    return tiles


@njit
def sum_of(rows, tile, n_right, a, b):
    """The product of row ``a`` with row ``b``, of those that begin with ``tile``."""
    across = (n_right + TILE_COLUMNS - 1) // TILE_COLUMNS
    tile += a // TILE_ROWS * across + b // TILE_COLUMNS
    place_in_tile = a % TILE_ROWS * TILE_COLUMNS + b % TILE_COLUMNS
    return rows.sums[tile * LANES + place_in_tile]
