// How a block's threads read their share of a matrix from global memory, in pieces of a few neighbours.
#pragma once

#include "kernels/common/half.cuh"

namespace stele::gemm {

/// Where this thread's pieces of a matrix of `width` (along x: m of A, n of B) × `depth` (along k) are. A Part says who
/// copies what: piece i of a thread begins at (x + X(i), k + K(i)), and has `vector` neighbours in memory; a step along
/// K is `step` long.
template <typename Part, typename T>
struct Source {
    const T* from;               ///< where the next step's first piece begins
    long long x_apart, k_apart;  ///< elements between neighbours along x, and along k
    int width_left, depth_left;  ///< from there to the edges

    __device__ __forceinline__ Source(const T* matrix, int width, int depth, int x_begin, int thread)
        : x_apart(Part::k_contiguous ? depth : 1),
          k_apart(Part::k_contiguous ? 1 : width),
          width_left(width - x_begin - Part::x(thread)),
          depth_left(depth - Part::k(thread)) {
        from = matrix + (x_begin + Part::x(thread)) * x_apart + Part::k(thread) * k_apart;
    }
    __device__ __forceinline__ const T* piece(int i) const {
        return from + Part::X(i) * x_apart + Part::K(i) * k_apart;
    }
    __device__ __forceinline__ bool has(int i) const { return Part::X(i) < width_left && Part::K(i) < depth_left; }
    /// Elements of piece i, if it has one, up to the edge that it may cross.
    __device__ __forceinline__ int left(int i) const {
        return Part::k_contiguous ? depth_left - Part::K(i) : width_left;
    }
    /// To the next step along K.
    __device__ __forceinline__ void advance() {
        from += Part::step * k_apart;
        depth_left -= Part::step;
    }
};

/// Reads this thread's pieces of a step; zeros beyond the matrix. `aligned`: its rows are whole pieces.
template <typename Part, typename T, typename Raw>
__device__ __forceinline__ void fetch(Raw (&pieces)[Part::PIECES], const Source<Part, T>& source, bool aligned) {
    static_assert(sizeof(Raw) == Part::vector * sizeof(T));
    if (aligned) {
#pragma unroll
        for (int i = 0; i < Part::PIECES; ++i)
            pieces[i] = source.has(i) ? *reinterpret_cast<const Raw*>(source.piece(i)) : Raw{};
        return;
    }
#pragma unroll
    for (int i = 0; i < Part::PIECES; ++i) {
        T few[Part::vector];
#pragma unroll
        for (int e = 0; e < Part::vector; ++e) few[e] = source.has(i) && e < source.left(i) ? source.piece(i)[e] : T{};
        pieces[i] = same_bits<Raw>(few);
    }
}

}  // namespace stele::gemm
