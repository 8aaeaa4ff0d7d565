#include "harness/explain/explanation_json.hpp"

#include <nlohmann/json.hpp>

#include "harness/base/json_document.hpp"

namespace stele::explain {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const InstructionMix& mix) {
    return {{"instructions", mix.total},
            {"by_class", mix.by_class},
            {"flops_per_thread", mix.flops_per_thread},
            {"matrix_flops_per_warp", mix.matrix_flops_per_warp},
            {"matrix_instructions", mix.matrix_instructions()},
            {"fp32_fma", mix.fp32_fma},
            {"global_load_bytes", mix.global_load_bytes},
            {"global_store_bytes", mix.global_store_bytes},
            {"shared_load_bytes", mix.shared_load_bytes},
            {"shared_store_bytes", mix.shared_store_bytes},
            {"local_accesses", mix.local_accesses}};
}

Json to_json(const KernelFigures& row) {
    return {{"variant", row.variant},
            {"language", std::string(name(row.language))},
            {"problem", row.problem},
            {"dtype", row.dtype},
            {"kernel", row.kernel},
            {"instance", row.instance},
            {"symbol", row.symbol},
            {"file", row.file},
            {"architecture", row.architecture},
            {"compiler", row.compiler},
            {"threads", row.threads},
            {"registers", row.assembler.registers},
            {"spill_store_bytes", row.assembler.spill_store_bytes},
            {"spill_load_bytes", row.assembler.spill_load_bytes},
            {"stack_bytes", row.assembler.stack_bytes},
            {"static_shared_bytes", row.assembler.static_shared_bytes},
            {"dynamic_shared_bytes", row.dynamic_shared_bytes},
            {"code_bytes", row.code_bytes},
            {"occupancy",
             {{"blocks", row.occupancy.blocks}, {"fraction", row.occupancy.fraction}, {"limit", row.occupancy.limit}}},
            {"whole", to_json(row.whole)},
            {"loops", row.loops},
            {"hot_loop", row.loop ? to_json(*row.loop) : Json(nullptr)},
            {"bound", row.bound ? to_json(*row.bound) : Json(nullptr)},
            {"warnings", row.assembler.warnings}};
}

}  // namespace

Json to_json(const StaticBound& bound) {
    Json json{{"binds", std::string(name(bound.binds))}};
    if (bound.arithmetic) {
        json["of"] = std::string(name(*bound.arithmetic));
        json["share"] = bound.share;
    }
    for (const auto& [pipe, cycles] : bound.cycles) json["cycles"][std::string(name(pipe))] = cycles;
    return json;
}

Json to_json(const Explanation& explanation, const std::vector<CpuFigures>& cpu, const Sources& sources) {
    Json document = new_document({"explanation", "stele-explanation", 1});
    document["versions"] = explanation.versions;
    auto& kernels = document["kernels"] = Json::array();
    for (const KernelFigures& row : explanation.kernels) kernels.push_back(to_json(row));
    auto& on_cpu = document["cpu"] = Json::array();
    for (const CpuFigures& row : cpu)
        on_cpu.push_back({{"variant", row.variant},
                          {"problem", row.problem},
                          {"device", row.device},
                          {"kernel", row.kernel},
                          {"instructions", row.instructions},
                          {"loop_instructions", row.loop_instructions},
                          {"vector_bits", row.vector_bits},
                          {"fma", row.fma},
                          {"vector_fma", row.vector_fma},
                          {"stack_accesses", row.stack_accesses}});
    auto& files = document["sources"] = Json::array();
    for (const auto& [algorithm, overlap] : sources) {
        Json row{{"algorithm", algorithm},
                 {"divergence", overlap.divergence},
                 {"files", Json::array()},
                 {"pairs", Json::array()}};
        for (const SourceLines& file : overlap.files)
            row["files"].push_back({{"file", file.file}, {"lines", file.lines}});
        for (const SharedLines& pair : overlap.pairs)
            row["pairs"].push_back({{"first", pair.first}, {"second", pair.second}, {"share", pair.share}});
        files.push_back(std::move(row));
    }
    auto& absent = document["absent"] = Json::array();
    for (const NotExplained& row : explanation.absent)
        absent.push_back({{"variant", row.variant}, {"architecture", row.architecture}, {"reason", row.reason}});
    return document;
}

}  // namespace stele::explain
