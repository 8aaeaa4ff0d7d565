// What the compiler calls in the checked module: before each load and store where -fsanitize=thread asks for it, and
// for indices and pointers that -fsanitize=bounds,alignment found wrong. The sanitizers' own runtimes are not linked.
#include <cstdint>
#include <cstdio>
#include <string>

#include "backends/simt/checks/tracker.hpp"
#include "backends/simt/executor/faults.hpp"
#include "backends/simt/executor/scheduler.hpp"

namespace {

using stele::simt::Access;
using stele::simt::Block;

void see(const void* address, std::size_t bytes, std::size_t alignment, Access kind, void* pc) {
    Block* block = stele::simt::running_block();
    if (block == nullptr || block->running_or_null() == nullptr) return;
    const auto code = reinterpret_cast<std::uintptr_t>(pc);
    if (reinterpret_cast<std::uintptr_t>(address) % alignment != 0) {
        char text[96];
        std::snprintf(text, sizeof text, "an access of %zu bytes at %p, which is not a multiple of that", bytes,
                      address);
        block->fail(stele::simt::defect::misaligned, text, stele::simt::describe_code(code));
    }
    block->tracker()->access(*block, block->running(), address, bytes, kind, {code, nullptr, nullptr});
}

// What the undefined behaviour sanitizer passes: see GCC's ubsan.cc for the layout.
struct SourceLocation {
    const char* file;
    std::uint32_t line, column;
    std::string text() const {
        std::string name = file;
        for (const char* root : {"kernels/", "tests/"})
            if (const auto at = name.rfind(root); at != name.npos) name.erase(0, at);
        return name + ":" + std::to_string(line);
    }
};
struct TypeDescriptor {
    std::uint16_t kind, info;
    char name[1];
};
struct OutOfBounds {
    SourceLocation where;
    const TypeDescriptor* array;
    const TypeDescriptor* index;
};
struct TypeMismatch {
    SourceLocation where;
    const TypeDescriptor* type;
    unsigned char log_alignment, kind;
};

}  // namespace

#define STELE_HOOK extern "C" __attribute__((visibility("hidden"), noinline)) void

STELE_HOOK __tsan_init() {}
STELE_HOOK __tsan_read1(void* at) { see(at, 1, 1, Access::read, __builtin_return_address(0)); }
STELE_HOOK __tsan_read2(void* at) { see(at, 2, 2, Access::read, __builtin_return_address(0)); }
STELE_HOOK __tsan_read4(void* at) { see(at, 4, 4, Access::read, __builtin_return_address(0)); }
STELE_HOOK __tsan_read8(void* at) { see(at, 8, 8, Access::read, __builtin_return_address(0)); }
STELE_HOOK __tsan_read16(void* at) { see(at, 16, 16, Access::read, __builtin_return_address(0)); }
STELE_HOOK __tsan_write1(void* at) { see(at, 1, 1, Access::write, __builtin_return_address(0)); }
STELE_HOOK __tsan_write2(void* at) { see(at, 2, 2, Access::write, __builtin_return_address(0)); }
STELE_HOOK __tsan_write4(void* at) { see(at, 4, 4, Access::write, __builtin_return_address(0)); }
STELE_HOOK __tsan_write8(void* at) { see(at, 8, 8, Access::write, __builtin_return_address(0)); }
STELE_HOOK __tsan_write16(void* at) { see(at, 16, 16, Access::write, __builtin_return_address(0)); }
STELE_HOOK __tsan_read_range(void* at, std::size_t bytes) {
    see(at, bytes, 1, Access::read, __builtin_return_address(0));
}
STELE_HOOK __tsan_write_range(void* at, std::size_t bytes) {
    see(at, bytes, 1, Access::write, __builtin_return_address(0));
}
STELE_HOOK __tsan_vptr_update(void**, void*) {}

STELE_HOOK __ubsan_handle_out_of_bounds(const OutOfBounds* data, std::uintptr_t index) {
    Block* block = stele::simt::running_block();
    if (block == nullptr || block->running_or_null() == nullptr) return;
    block->fail(
        stele::simt::defect::out_of_bounds,
        "index " + std::to_string(static_cast<std::intptr_t>(index)) + " of an array of type " + data->array->name,
        data->where.text());
}
STELE_HOOK __ubsan_handle_type_mismatch_v1(const TypeMismatch* data, std::uintptr_t address) {
    Block* block = stele::simt::running_block();
    if (block == nullptr || block->running_or_null() == nullptr) return;
    char text[32];
    std::snprintf(text, sizeof text, "0x%zx", static_cast<std::size_t>(address));
    block->fail(stele::simt::defect::misaligned,
                std::string("a pointer to ") + data->type->name + ", which wants a multiple of " +
                    std::to_string(1u << data->log_alignment) + ", is " + text,
                data->where.text());
}
