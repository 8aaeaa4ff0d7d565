// Asynchronous copies of one thread, as C functions.
#pragma once

#include "backends/simt/ptx/instructions.hpp"
#include "stele_simt_language.h"

inline void __pipeline_memcpy_async(void* to, const void* from, std::size_t bytes, std::size_t zeros = 0,
                                    stele::simt::Where where = stele::simt::Where::current()) {
    const auto source = static_cast<std::uint32_t>(bytes - zeros);
    if (bytes == 16)
        stele::simt::cp_async_cg_16(to, from, source, where);
    else if (bytes == 8)
        stele::simt::cp_async_ca_8(to, from, source, where);
    else if (bytes == 4)
        stele::simt::cp_async_ca_4(to, from, source, where);
    else
        stele::simt::fail(stele::simt::defect::unsupported, "__pipeline_memcpy_async copies 4, 8 or 16 bytes", where);
}
inline void __pipeline_commit(stele::simt::Where where = stele::simt::Where::current()) {
    stele::simt::cp_async_commit_group(where);
}
inline void __pipeline_wait_prior(std::size_t pending, stele::simt::Where where = stele::simt::Where::current()) {
    stele::simt::cp_async_wait_group(static_cast<int>(pending), where);
}
