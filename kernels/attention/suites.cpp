// attention: the named lists of its problems.
#include <string_view>

#include <fmt/format.h>

#include "kernels/attention/operation.hpp"

namespace stele::attention {
namespace {

/// Small and awkward, so that all of them run in seconds on an emulator: every way in which a tile can be ragged.
constexpr std::string_view edge_shapes[] = {
    "batch=1 heads=1 kv_heads=1 seq_q=1 seq_k=1 head_dim=64",                     // one key
    "batch=1 heads=2 kv_heads=1 seq_q=3 seq_k=0 head_dim=64",                     // no key: O = 0, lse = −inf
    "batch=1 heads=2 kv_heads=2 seq_q=31 seq_k=17 head_dim=128 causal",           // 14 rows see nothing
    "batch=1 heads=1 kv_heads=1 seq_q=13 seq_k=67 head_dim=64 causal",            // fewer queries than keys
    "batch=2 heads=3 kv_heads=3 seq_q=33 seq_k=15 head_dim=64",                   // tile ± 1, kv_heads = heads
    "batch=2 heads=6 kv_heads=2 seq_q=7 seq_k=37 head_dim=128 causal",            // groups of 3 across a tile
    "batch=1 heads=4 kv_heads=1 seq_q=65 seq_k=65 head_dim=64 causal",            // one kv head
    "batch=1 heads=8 kv_heads=1 seq_q=1 seq_k=523 head_dim=128",                  // decode, keys split over blocks
    "batch=1 heads=1 kv_heads=1 seq_q=2 seq_k=1031 head_dim=64 causal",           // the same, masked and prime
    "batch=1 heads=2 kv_heads=1 seq_q=23 seq_k=41 head_dim=64 causal logits=80",  // scores of ±80
    "batch=1 heads=1 kv_heads=1 seq_q=19 seq_k=53 head_dim=128 logits=80",
    "batch=1 heads=1 kv_heads=1 seq_q=1 seq_k=1 head_dim=128 causal",
    "batch=2 heads=2 kv_heads=1 seq_q=1 seq_k=0 head_dim=128 causal",
    "batch=1 heads=2 kv_heads=1 seq_q=5 seq_k=1 head_dim=64 causal",     // all rows but the last see nothing
    "batch=1 heads=1 kv_heads=1 seq_q=31 seq_k=33 head_dim=128 causal",  // tile ± 1 in both, masked
    "batch=1 heads=1 kv_heads=1 seq_q=63 seq_k=31 head_dim=64 causal",
    "batch=1 heads=1 kv_heads=1 seq_q=32 seq_k=16 head_dim=64",  // whole tiles
    "batch=1 heads=1 kv_heads=1 seq_q=65 seq_k=17 head_dim=128",
    "batch=1 heads=1 kv_heads=1 seq_q=17 seq_k=29 head_dim=64 scale=-0.3",  // a scale that turns the order round
    "batch=1 heads=2 kv_heads=1 seq_q=1 seq_k=67 head_dim=64 logits=10000",
    "batch=1 heads=2 kv_heads=1 seq_q=33 seq_k=41 head_dim=128 causal logits=10000",
    "batch=2 heads=4 kv_heads=2 seq_q=1 seq_k=300 head_dim=64 page=16",  // decode, keys split over blocks, in pages
    "batch=2 heads=6 kv_heads=2 seq_q=3 seq_k=37 head_dim=128 causal page=32",
    "batch=3 heads=2 kv_heads=1 seq_q=1 seq_k=70 head_dim=64 page=32 shared_pages=2",
    "batch=1 heads=1 kv_heads=1 seq_q=1 seq_k=0 head_dim=64 page=16",
    "batch=4 heads=4 kv_heads=2 seq_q=1 seq_k=600 head_dim=64 page=16 lengths=3,600,0,17",  // one long among short
    "batch=4 heads=2 kv_heads=1 seq_q=9 seq_k=33 head_dim=64 causal lengths=33,1,0,16",
    "batch=3 heads=4 kv_heads=4 seq_q=40 seq_k=40 head_dim=128 causal ragged",
    "batch=1 heads=2 kv_heads=1 seq_q=37 seq_k=70 head_dim=256 causal",
    "batch=2 heads=8 kv_heads=2 seq_q=1 seq_k=150 head_dim=256 page=32 lengths=150,60",
    "batch=1 heads=16 kv_heads=1 seq_q=1 seq_k=150 head_dim=576 latent=512",
    "batch=2 heads=5 kv_heads=1 seq_q=2 seq_k=90 head_dim=576 causal latent=512 page=16 lengths=90,33",
    "batch=1 heads=3 kv_heads=1 seq_q=3 seq_k=2 head_dim=576 causal latent=512",  // a query that sees nothing
    "batch=1 heads=5 kv_heads=1 seq_q=30 seq_k=150 head_dim=576 causal window=40 latent=512",  // several row blocks
    "batch=1 heads=65 kv_heads=1 seq_q=1 seq_k=520 head_dim=576 latent=512 page=32",           // one row left over
    "batch=1 heads=16 kv_heads=1 seq_q=3 seq_k=500 head_dim=576 causal window=400 latent=512",
    "batch=1 heads=2 kv_heads=1 seq_q=40 seq_k=70 head_dim=128 causal window=9",    // a window within a tile
    "batch=1 heads=1 kv_heads=1 seq_q=65 seq_k=500 head_dim=64 causal window=390",  // and of several, begun in one
    "batch=2 heads=4 kv_heads=2 seq_q=1 seq_k=300 head_dim=64 causal window=131 page=16",
    "batch=4 heads=2 kv_heads=1 seq_q=9 seq_k=33 head_dim=64 causal window=7 lengths=33,1,0,16",
};

constexpr std::string_view full_shapes[] = {
    "batch=1 heads=64 kv_heads=8 seq_q=2048 seq_k=2048 head_dim=128 bf16 causal",
    "batch=1 heads=64 kv_heads=8 seq_q=2048 seq_k=2048 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=4096 seq_k=4096 head_dim=128 bf16 causal",
    "batch=1 heads=64 kv_heads=8 seq_q=4096 seq_k=4096 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=8192 seq_k=8192 head_dim=128 bf16 causal",
    "batch=1 heads=64 kv_heads=8 seq_q=8192 seq_k=8192 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=16384 seq_k=16384 head_dim=128 bf16 causal",
    "batch=1 heads=64 kv_heads=8 seq_q=16384 seq_k=16384 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=32768 seq_k=32768 head_dim=128 bf16 causal",
    "batch=1 heads=64 kv_heads=8 seq_q=32768 seq_k=32768 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=8192 seq_k=8192 head_dim=128 e4m3 causal",
    "batch=1 heads=64 kv_heads=8 seq_q=8192 seq_k=8192 head_dim=128 e4m3",
    "batch=1 heads=16 kv_heads=16 seq_q=16384 seq_k=16384 head_dim=128 f16",
    "batch=1 heads=16 kv_heads=16 seq_q=16384 seq_k=16384 head_dim=128 f16 causal",
    "batch=1 heads=32 kv_heads=32 seq_q=16384 seq_k=16384 head_dim=64 f16",
    "batch=1 heads=32 kv_heads=32 seq_q=16384 seq_k=16384 head_dim=64 f16 causal",
    "batch=1 heads=16 kv_heads=16 seq_q=2048 seq_k=2048 head_dim=128 f32 causal",
    "batch=32 heads=64 kv_heads=8 seq_q=1 seq_k=4096 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=1 seq_k=1024 head_dim=128 bf16",
    "batch=1 heads=64 kv_heads=8 seq_q=1 seq_k=32768 head_dim=128 bf16",
    "batch=32 heads=64 kv_heads=8 seq_q=1 seq_k=4096 head_dim=128 bf16 page=64",
    "batch=32 heads=64 kv_heads=8 seq_q=1 seq_k=4096 head_dim=128 e4m3",
    "batch=32 heads=32 kv_heads=8 seq_q=1 seq_k=4096 head_dim=64 f16",
    "batch=1 heads=64 kv_heads=8 seq_q=16384 seq_k=16384 head_dim=128 bf16 causal window=4096",
    "batch=32 heads=64 kv_heads=8 seq_q=1 seq_k=32768 head_dim=128 bf16 causal window=4096",
    "batch=1 heads=16 kv_heads=16 seq_q=8192 seq_k=8192 head_dim=256 bf16 causal",
    "batch=1 heads=16 kv_heads=16 seq_q=8192 seq_k=8192 head_dim=256 bf16",
    "batch=32 heads=16 kv_heads=1 seq_q=1 seq_k=8192 head_dim=576 bf16 latent=512 page=64",
    "batch=32 heads=128 kv_heads=1 seq_q=1 seq_k=8192 head_dim=576 bf16 latent=512 page=64",
    "batch=16 heads=32 kv_heads=8 seq_q=1 seq_k=4096 head_dim=128 f32",
    ("batch=8 heads=64 kv_heads=8 seq_q=1 seq_k=100000 head_dim=128 bf16 page=64 "
     "lengths=100000,900,4000,1,2500,700,30,1300"),
    "batch=3 heads=1 kv_heads=1 seq_q=1 seq_k=100000 head_dim=64 f16 lengths=7,100000,300",
};

}  // namespace

std::vector<std::string> suite(Suite suite) {
    const std::unique_ptr<Operation> operation = make_operation();
    std::vector<std::string> out;
    const auto add = [&](std::string_view text) { out.push_back(operation->parse(text)->id()); };
    switch (suite) {
        case Suite::smoke:
            for (std::string_view dtype : {"f32", "f16", "bf16", "e4m3"}) {
                add(fmt::format("batch=1 heads=2 kv_heads=1 seq_q=40 seq_k=40 head_dim=64 {} causal", dtype));
                add(fmt::format("batch=2 heads=4 kv_heads=2 seq_q=1 seq_k=50 head_dim=128 {}", dtype));
                add(fmt::format("batch=2 heads=4 kv_heads=2 seq_q=1 seq_k=50 head_dim=64 {} page=16 lengths=20,50",
                                dtype));
            }
            break;
        case Suite::edge:
            for (std::string_view dtype : {"f32", "f16", "bf16", "e4m3"})
                for (std::string_view shape : edge_shapes) {
                    const bool is_latent = shape.find("latent=") != shape.npos;
                    if (!is_latent || dtype != "e4m3") add(fmt::format("{} {}", shape, dtype));
                }
            break;
        case Suite::quick:
        case Suite::cpu:
            add("batch=1 heads=4 kv_heads=4 seq_q=256 seq_k=256 head_dim=64 f32");
            add("batch=1 heads=8 kv_heads=2 seq_q=256 seq_k=256 head_dim=64 f32 causal");
            add("batch=1 heads=4 kv_heads=1 seq_q=256 seq_k=256 head_dim=128 bf16 causal");
            add("batch=1 heads=16 kv_heads=2 seq_q=1 seq_k=2048 head_dim=128 f16");
            break;
        case Suite::full:
            for (std::string_view shape : full_shapes) add(shape);
            break;
    }
    return out;
}

}  // namespace stele::attention
