#include "harness/explain/machine_rates.hpp"

namespace stele::explain {

// fp32, fp16, multiply, integer and special: NVIDIA's table "Throughput of Native Arithmetic Instructions", which stood
// in the CUDA C++ Programming Guide until release 12.9 (5.4.1, "Arithmetic Instructions") and stands in the CUDA C++
// Best Practices Guide from 13.0 on (12.1.1, table 5). It was read a second time: 8.0 and 8.6 in a copy of the former;
// 9.0's fp16 as FlashMLA takes it from there, its special functions as FlashAttention-3 does, its integers in the H100
// white paper; 10.0's fp16 as OpenXLA's cuda_core_info_table.cc reads the latter, 12.0 as notes on release 13.4 do.
//
// Where readings differ: the newer table counts lanes where the older counted results, a packed HFMA2 at 64 makes 128.
// The older one's 256 halves at 8.6 and 12.0 contradict the white papers of GA102 and RTX Blackwell, whose fp16 runs at
// the rate of fp32, and 13.4 agrees with these. Of kinds in one column the fastest stands, as in a bound it must:
// at 8.0 bf16 has 128 of fp16's 256, at 12.0 shifts and logic have 64 of the adds' 128. At 10.0 comparisons of floats
// have 128 and no reading tells the rest, so `integer` is 0.
//
// What each pipe executes, and that multiplies of integers take the FMA pipe: Nsight Compute, Kernel Profiling Guide,
// "Pipelines".
// shared_bytes: the programming guide, "Shared Memory": 32 banks of 32 bits a cycle.
// memory: load/store units in the white papers' pictures of a multiprocessor, A100's and H100's.
// l2_bytes: A100 white paper, 5120 bytes a cycle for 108 multiprocessors.
// matrix_flops: dense rates of 16-bit operands in the white papers ÷ multiprocessors ÷ boost clock, the fastest part:
// A100 312 TFLOP/s (108, 1410 MHz); A40, of GA102, 150 (84, 1740 MHz); RTX 6000 Ada 364 (142, 2505 MHz); H100 SXM 989
// (132, 1830 MHz); RTX 5090 419, of f16 sums (170, 2407 MHz); HGX B200 2250.
// sm_100: FlashAttention-4 (Zadouri, Hoehnerbach, Shah, Liu, Thakkar and Dao, 2026) has its matrix unit, special
// functions and shared memory; sm_120: the RTX Blackwell white paper has integers on the 128 lanes of fp32.
// What is not told for certain stays 0.
const std::vector<MachineRates>& machine_rates() {
    constexpr double a100_l2 = 5120.0 / 108;
    static const std::vector<MachineRates> table{
        {"sm_80", 64, 256, 64, 64, 16, 32, 128, a100_l2, 2048, "CUDA C++ Programming Guide; A100 white paper, 2020"},
        {"sm_86", 128, 128, 64, 64, 16, 0, 128, 0, 1024, "CUDA C++ Programming Guide; GA102 white paper, 2021"},
        {"sm_89", 128, 128, 64, 64, 16, 0, 128, 0, 1024, "CUDA C++ Programming Guide; Ada white paper, 2022"},
        {"sm_90", 128, 256, 64, 64, 16, 32, 128, 0, 4096, "CUDA C++ Programming Guide; H100 white paper, 2022"},
        {"sm_100", 128, 128, 0, 0, 16, 0, 128, 0, 8192, "CUDA C++ Best Practices Guide 13; FlashAttention-4, 2026"},
        {"sm_120", 128, 128, 64, 128, 0, 0, 128, 0, 1024,
         "CUDA C++ Best Practices Guide 13; RTX Blackwell white paper, 2025"},
    };
    return table;
}

std::optional<MachineRates> rates_of(std::string_view architecture) {
    if (architecture.ends_with('a') || architecture.ends_with('f')) architecture.remove_suffix(1);
    for (const MachineRates& row : machine_rates())
        if (row.architecture == architecture) return row;
    return std::nullopt;
}

}  // namespace stele::explain
