// Exchange of registers within a warp. One function an instruction; `members` names the lanes that take part, all of
// which must arrive.
#pragma once

#include <cstdint>

#include "kernels/common/ptx/address.cuh"

namespace stele::ptx {

inline constexpr std::uint32_t all_lanes = 0xffffffffu;

/// shfl.sync.bfly.b32 (PTX ISA, "shfl.sync"): the value of lane ^ `lane_mask`.
__device__ __forceinline__ std::uint32_t shfl_sync_bfly_b32(std::uint32_t value, std::uint32_t lane_mask,
                                                            std::uint32_t members = all_lanes,
                                                            Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::shfl_sync_bfly_b32(value, lane_mask, members, where);
#else
    std::uint32_t out;
    asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, %3;" : "=r"(out) : "r"(value), "r"(lane_mask), "r"(members));
    return out;
#endif
}

/// shfl.sync.down.b32: the value of lane + `delta`, or the own one beyond the warp's end.
__device__ __forceinline__ std::uint32_t shfl_sync_down_b32(std::uint32_t value, std::uint32_t delta,
                                                            std::uint32_t members = all_lanes,
                                                            Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::shfl_sync_down_b32(value, delta, members, where);
#else
    std::uint32_t out;
    asm volatile("shfl.sync.down.b32 %0, %1, %2, 0x1f, %3;" : "=r"(out) : "r"(value), "r"(delta), "r"(members));
    return out;
#endif
}

/// shfl.sync.up.b32: the value of lane - `delta`, or the own one before the warp's begin.
__device__ __forceinline__ std::uint32_t shfl_sync_up_b32(std::uint32_t value, std::uint32_t delta,
                                                          std::uint32_t members = all_lanes,
                                                          Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::shfl_sync_up_b32(value, delta, members, where);
#else
    std::uint32_t out;
    asm volatile("shfl.sync.up.b32 %0, %1, %2, 0x0, %3;" : "=r"(out) : "r"(value), "r"(delta), "r"(members));
    return out;
#endif
}

/// shfl.sync.idx.b32: the value of `lane`.
__device__ __forceinline__ std::uint32_t shfl_sync_idx_b32(std::uint32_t value, std::uint32_t lane,
                                                           std::uint32_t members = all_lanes,
                                                           Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::shfl_sync_idx_b32(value, lane, members, where);
#else
    std::uint32_t out;
    asm volatile("shfl.sync.idx.b32 %0, %1, %2, 0x1f, %3;" : "=r"(out) : "r"(value), "r"(lane), "r"(members));
    return out;
#endif
}

/// The same on the bits of a float.
__device__ __forceinline__ float shfl_sync_bfly(float value, std::uint32_t lane_mask, std::uint32_t members = all_lanes,
                                                Where where = Where::current()) {
    return __uint_as_float(shfl_sync_bfly_b32(__float_as_uint(value), lane_mask, members, where));
}
__device__ __forceinline__ float shfl_sync_down(float value, std::uint32_t delta, std::uint32_t members = all_lanes,
                                                Where where = Where::current()) {
    return __uint_as_float(shfl_sync_down_b32(__float_as_uint(value), delta, members, where));
}
__device__ __forceinline__ float shfl_sync_idx(float value, std::uint32_t lane, std::uint32_t members = all_lanes,
                                               Where where = Where::current()) {
    return __uint_as_float(shfl_sync_idx_b32(__float_as_uint(value), lane, members, where));
}

/// vote.sync.ballot.b32 (PTX ISA, "vote.sync"): bit i is lane i's predicate.
__device__ __forceinline__ std::uint32_t vote_sync_ballot_b32(bool predicate, std::uint32_t members = all_lanes,
                                                              Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::vote_sync_ballot_b32(predicate, members, where);
#else
    std::uint32_t out;
    asm volatile("{ .reg .pred p; setp.ne.u32 p, %1, 0; vote.sync.ballot.b32 %0, p, %2; }"
                 : "=r"(out)
                 : "r"(static_cast<std::uint32_t>(predicate)), "r"(members));
    return out;
#endif
}

/// vote.sync.any.pred: true where any of the lanes says so.
__device__ __forceinline__ bool vote_sync_any(bool predicate, std::uint32_t members = all_lanes,
                                              Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::vote_sync_any(predicate, members, where);
#else
    std::uint32_t out;
    asm volatile("{ .reg .pred p, q; setp.ne.u32 p, %1, 0; vote.sync.any.pred q, p, %2; selp.u32 %0, 1, 0, q; }"
                 : "=r"(out)
                 : "r"(static_cast<std::uint32_t>(predicate)), "r"(members));
    return out != 0;
#endif
}

/// vote.sync.all.pred: true where all of the lanes say so.
__device__ __forceinline__ bool vote_sync_all(bool predicate, std::uint32_t members = all_lanes,
                                              Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::vote_sync_all(predicate, members, where);
#else
    std::uint32_t out;
    asm volatile("{ .reg .pred p, q; setp.ne.u32 p, %1, 0; vote.sync.all.pred q, p, %2; selp.u32 %0, 1, 0, q; }"
                 : "=r"(out)
                 : "r"(static_cast<std::uint32_t>(predicate)), "r"(members));
    return out != 0;
#endif
}

}  // namespace stele::ptx
