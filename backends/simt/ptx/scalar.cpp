// The instructions that one thread, or the lanes of one warp, execute at once: memory, arithmetic, shuffles, votes,
// named barriers, register counts.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "backends/simt/cuda_headers/cuda_fp16.h"
#include "backends/simt/ptx/arithmetic.hpp"
#include "backends/simt/ptx/instructions.hpp"

namespace stele::simt {

namespace {

template <typename T>
T load_global(const void* from, const char* what, Where where) {
    check_global(from, sizeof(T), sizeof(T), what, where);
    read_memory(from, sizeof(T), what, where);
    T value;
    std::memcpy(&value, from, sizeof(T));
    return value;
}

template <typename T>
void store_global(void* to, const T& value, const char* what, Where where) {
    check_global(to, sizeof(T), sizeof(T), what, where);
    write_memory(to, sizeof(T), what, where);
    std::memcpy(to, &value, sizeof(T));
}

template <typename T>
T load_shared(const void* from, const char* what, Where where) {
    check_shared(from, sizeof(T), sizeof(T), what, where);
    read_memory(from, sizeof(T), what, where);
    T value;
    std::memcpy(&value, from, sizeof(T));
    return value;
}

template <typename T>
void store_shared(void* to, const T& value, const char* what, Where where) {
    check_shared(to, sizeof(T), sizeof(T), what, where);
    write_memory(to, sizeof(T), what, where);
    std::memcpy(to, &value, sizeof(T));
}

/// `.ftz`: subnormal numbers count as zero of the same sign.
float flushed(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }

std::uint32_t bf16_bits(float value) {
    if (std::isnan(value)) return 0x7fff;
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

/// Each lane of `members` receives the value of lane `source`, or its own where that is no lane of the warp.
std::uint32_t exchange(std::uint32_t value, int source, std::uint32_t members, const char* what, Where where) {
    struct Pair {
        std::uint32_t value, result;
        int source;
    } pair{value, value, source};
    collective(
        Scope::warp, members, what, &pair,
        [&](Values values) {
            for (int lane = 0; lane < warp_lanes; ++lane) {
                auto* own = static_cast<Pair*>(values[lane]);
                if (own == nullptr || own->source < 0 || own->source >= warp_lanes) continue;
                const auto* other = static_cast<const Pair*>(values[own->source]);
                if (other == nullptr)
                    fail(defect::divergent_barrier,
                         fmt::format("{}: lane {} reads lane {}, which takes no part", what, lane, own->source), where);
                own->result = other->value;
            }
        },
        where);
    return pair.result;
}

int lane() { return static_cast<int>(ids().lane); }

/// Registers a thread that each warpgroup asked for.
struct RegisterCounts {
    static constexpr unsigned pool = 65536 / 128;  ///< registers of an SM, for one thread of each warpgroup
    std::array<unsigned, 32> of_warp{};

    void set(int count, bool raise, const char* what, Where where) {
        unsigned& own = of_warp[ids().warp];
        if (own != 0 && (raise ? static_cast<int>(own) > count : static_cast<int>(own) < count))
            fail(defect::invalid_operand, fmt::format("{} to {} where the warp has {}", what, count, own), where);
        own = static_cast<unsigned>(count);
        unsigned sum = 0;
        for (std::size_t warp = 0; warp < of_warp.size(); warp += 4)
            sum += std::max({of_warp[warp], of_warp[warp + 1], of_warp[warp + 2], of_warp[warp + 3]});
        if (raise && sum > pool)
            fail(defect::invalid_operand,
                 fmt::format("{}: the warpgroups ask for {} registers a thread in all, and an SM has {}", what, sum,
                             pool),
                 where);
    }
};

void set_registers(int count, bool raise, const char* what, Where where) {
    meet(Scope::warpgroup, 0, what, where);
    block_state<RegisterCounts>().set(count, raise, what, where);
}

}  // namespace

uint4 ld_global_nc_v4_b32(const void* from, Where where) { return load_global<uint4>(from, "ld.global.nc.v4", where); }
uint4 ld_global_nc_l1_v4_b32(const void* from, Where where) { return ld_global_nc_v4_b32(from, where); }
uint2 ld_global_nc_v2_b32(const void* from, Where where) { return load_global<uint2>(from, "ld.global.nc.v2", where); }
std::uint32_t ld_global_nc_b32(const void* from, Where where) {
    return load_global<std::uint32_t>(from, "ld.global.nc.b32", where);
}
std::uint16_t ld_global_nc_b16(const void* from, Where where) {
    return load_global<std::uint16_t>(from, "ld.global.nc.b16", where);
}
void prefetch_global_l2(const void*, Where) {}
void st_global_cs_v4_b32(void* to, uint4 value, Where where) { store_global(to, value, "st.global.cs.v4", where); }
void st_global_cs_v2_b32(void* to, uint2 value, Where where) { store_global(to, value, "st.global.cs.v2", where); }
void st_global_cs_b32(void* to, std::uint32_t value, Where where) {
    store_global(to, value, "st.global.cs.b32", where);
}
void st_global_cs_b16(void* to, std::uint16_t value, Where where) {
    store_global(to, value, "st.global.cs.b16", where);
}
uint4 ld_shared_v4_b32(const void* from, Where where) { return load_shared<uint4>(from, "ld.shared.v4", where); }
uint2 ld_shared_v2_b32(const void* from, Where where) { return load_shared<uint2>(from, "ld.shared.v2", where); }
std::uint32_t ld_shared_b32(const void* from, Where where) {
    return load_shared<std::uint32_t>(from, "ld.shared.b32", where);
}
void st_shared_v4_b32(void* to, uint4 value, Where where) { store_shared(to, value, "st.shared.v4", where); }
void st_shared_v2_b32(void* to, uint2 value, Where where) { store_shared(to, value, "st.shared.v2", where); }
void st_shared_b32(void* to, std::uint32_t value, Where where) { store_shared(to, value, "st.shared.b32", where); }

float fma_rn_f32(float a, float b, float c) { return std::fma(a, b, c); }
std::uint32_t fma_rn_f16x2(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    return std::bit_cast<std::uint32_t>(
        __hfma2(std::bit_cast<__half2>(a), std::bit_cast<__half2>(b), std::bit_cast<__half2>(c)));
}
float mul_rn_f32(float a, float b) {
    // Through a volatile, since a compiler that contracts would fuse a bare product with the caller's addition.
    const volatile float product = a * b;
    return product;
}
float max_f32(float a, float b) { return std::fmax(a, b); }
float ex2_approx_ftz_f32(float x) { return flushed(static_cast<float>(std::exp2(static_cast<double>(flushed(x))))); }
float lg2_approx_ftz_f32(float x) { return static_cast<float>(std::log2(static_cast<double>(flushed(x)))); }
float rcp_approx_ftz_f32(float x) { return flushed(1.0f / flushed(x)); }
std::uint32_t cvt_rn_f16x2_f32(float high, float low) {
    return static_cast<std::uint32_t>(encode_f16(high)) << 16 | encode_f16(low);
}
std::uint32_t cvt_rn_bf16x2_f32(float high, float low) { return bf16_bits(high) << 16 | bf16_bits(low); }
float cvt_f32_f16(std::uint16_t x) { return static_cast<float>(decode(Element::f16, x)); }
std::uint16_t cvt_rn_satfinite_e4m3x2_f32(float high, float low) {
    return static_cast<std::uint16_t>(encode_e4m3(high) << 8 | encode_e4m3(low));
}
std::uint32_t cvt_rn_f16x2_e4m3x2(std::uint16_t two) {
    const auto half_of = [&](int shift) {
        return static_cast<std::uint32_t>(encode_f16(decode(Element::e4m3, static_cast<std::uint32_t>(two >> shift))));
    };
    return half_of(8) << 16 | half_of(0);
}

std::uint32_t shfl_sync_bfly_b32(std::uint32_t value, std::uint32_t lane_mask, std::uint32_t members, Where where) {
    return exchange(value, lane() ^ static_cast<int>(lane_mask & 31), members, "shfl.sync.bfly", where);
}
std::uint32_t shfl_sync_down_b32(std::uint32_t value, std::uint32_t delta, std::uint32_t members, Where where) {
    return exchange(value, lane() + static_cast<int>(delta & 31), members, "shfl.sync.down", where);
}
std::uint32_t shfl_sync_up_b32(std::uint32_t value, std::uint32_t delta, std::uint32_t members, Where where) {
    return exchange(value, lane() - static_cast<int>(delta & 31), members, "shfl.sync.up", where);
}
std::uint32_t shfl_sync_idx_b32(std::uint32_t value, std::uint32_t from, std::uint32_t members, Where where) {
    return exchange(value, static_cast<int>(from & 31), members, "shfl.sync.idx", where);
}
std::uint32_t vote_sync_ballot_b32(bool predicate, std::uint32_t members, Where where) {
    struct Vote {
        bool predicate;
        std::uint32_t ballot;
    } vote{predicate, 0};
    collective(
        Scope::warp, members, "vote.sync", &vote,
        [](Values values) {
            std::uint32_t ballot = 0;
            for (int i = 0; i < warp_lanes; ++i)
                if (values[i] != nullptr && static_cast<Vote*>(values[i])->predicate) ballot |= 1u << i;
            for (int i = 0; i < warp_lanes; ++i)
                if (values[i] != nullptr) static_cast<Vote*>(values[i])->ballot = ballot;
        },
        where);
    return vote.ballot;
}
bool vote_sync_any(bool predicate, std::uint32_t members, Where where) {
    return vote_sync_ballot_b32(predicate, members, where) != 0;
}
bool vote_sync_all(bool predicate, std::uint32_t members, Where where) {
    return vote_sync_ballot_b32(!predicate, members, where) == 0;
}

void barrier_sync(std::uint32_t id, std::uint32_t threads, Where where) {
    if (id == 0 && threads == ids().threads) return meet(Scope::block, 0, "barrier.sync", where);
    named_barrier_sync(id, threads, where);
}
void barrier_arrive(std::uint32_t id, std::uint32_t threads, Where where) { named_barrier_arrive(id, threads, where); }
void griddepcontrol_launch_dependents(Where) {}
void griddepcontrol_wait(Where) {}

void setmaxnreg_inc(int count, Where where) { set_registers(count, true, "setmaxnreg.inc", where); }
void setmaxnreg_dec(int count, Where where) { set_registers(count, false, "setmaxnreg.dec", where); }

std::uint32_t cluster_rank() { return ids().block_rank; }
std::uint32_t cluster_size() { return ids().blocks; }
std::uint32_t mapa(const void* shared, std::uint32_t rank, Where where) {
    return shared_address(map_shared(shared, rank, where), where);
}
float ld_shared_cluster_f32(std::uint32_t address, Where where) {
    return load_shared<float>(shared_pointer(address, where), "ld.shared::cluster", where);
}
void st_shared_cluster_f32(std::uint32_t address, float value, Where where) {
    store_shared(shared_pointer(address, where), value, "st.shared::cluster", where);
}

}  // namespace stele::simt
