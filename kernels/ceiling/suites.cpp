// ceiling: the named lists of its problems.
#include <stdexcept>

#include "kernels/ceiling/operation.hpp"

namespace stele::ceiling {

std::vector<std::string> suite(Suite suite) {
    switch (suite) {
        case Suite::smoke:
            return {"blocks=1 iterations=3 f32",  "blocks=2 iterations=5 f16",
                    "blocks=1 iterations=4 bf16", "bytes=4096",
                    "bytes=4096 triad",           "launches=3 queue",
                    "launches=3 one_by_one",      "launches=3 graph"};
        case Suite::edge:
            return {"blocks=1 iterations=0 f32",
                    "blocks=1 iterations=0 f16",
                    "blocks=1 iterations=0 bf16",
                    "blocks=3 iterations=1 f32",
                    "blocks=1 iterations=129 f16",
                    "blocks=3 iterations=2 bf16",
                    "bytes=16",
                    "bytes=1000016",
                    "bytes=3000016",
                    "bytes=16 triad",
                    "bytes=5000016 triad",
                    "launches=1 queue",
                    "launches=600 queue",
                    "launches=600 graph"};
        case Suite::quick:
        case Suite::cpu:
            return {};
        case Suite::full:
            // 1056 is eight blocks for each of 132 multiprocessors: whole waves for 1 to 4 resident blocks.
            return {"blocks=1056 iterations=1024 f32",
                    "blocks=1056 iterations=2048 f16",
                    "blocks=1056 iterations=8192 f16",
                    "blocks=1056 iterations=8192 bf16",
                    "bytes=1073741824",
                    "bytes=1073741824 triad",
                    "launches=64 queue",
                    "launches=64 one_by_one",
                    "launches=64 graph"};
    }
    throw std::logic_error("unknown suite");
}

}  // namespace stele::ceiling
