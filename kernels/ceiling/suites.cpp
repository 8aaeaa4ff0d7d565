// ceiling: the named lists of its problems.
#include <stdexcept>

#include "kernels/ceiling/operation.hpp"

namespace stele::ceiling {

std::vector<std::string> suite(Suite suite) {
    switch (suite) {
        case Suite::smoke:
            return {"blocks=1 iterations=3 f32", "blocks=2 iterations=5 f16", "blocks=1 iterations=4 bf16",
                    "bytes=4096"};
        case Suite::edge:
            return {"blocks=1 iterations=0 f32",
                    "blocks=1 iterations=0 f16",
                    "blocks=1 iterations=0 bf16",
                    "blocks=3 iterations=1 f32",
                    "blocks=1 iterations=129 f16",
                    "blocks=3 iterations=2 bf16",
                    "bytes=16",
                    "bytes=1000016"};
        case Suite::quick:
        case Suite::cpu:
            return {};
        case Suite::full:
            // 1056 is eight blocks for each of 132 multiprocessors: whole waves for 1 to 4 resident blocks.
            return {"blocks=1056 iterations=1024 f32", "blocks=1056 iterations=2048 f16",
                    "blocks=1056 iterations=8192 f16", "blocks=1056 iterations=8192 bf16", "bytes=1073741824"};
    }
    throw std::logic_error("unknown suite");
}

}  // namespace stele::ceiling
