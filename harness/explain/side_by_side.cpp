#include "harness/explain/side_by_side.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "harness/base/text.hpp"

namespace stele::explain {
namespace {

/// One line of the side-by-side table: a number, and how it reads.
struct Metric {
    std::string name;
    std::function<double(const KernelFigures&)> value;
    std::function<std::string(const KernelFigures&)> text;
    /// Shown even when all siblings agree.
    bool always = false;
};

double ratio(double above, double below) { return below > 0 ? above / below : 0; }

/// Bytes that a thread brings from global memory or reads from shared memory in the hot loop.
double loaded_bytes(const InstructionMix& mix) {
    return mix.shared_load_bytes > 0 ? mix.shared_load_bytes : mix.global_load_bytes;
}

Metric counted(std::string name, const std::function<double(const KernelFigures&)>& value, bool always = false) {
    auto text = [value](const KernelFigures& row) { return fmt::format("{:.0f}", value(row)); };
    return {std::move(name), value, text, always};
}

/// Warpgroups of a block whose registers move from some of them to others, as a producer's do; 0: all do the same, as
/// far as the code says.
unsigned roles_of(const KernelFigures& row) {
    constexpr unsigned group_threads = 128;
    return row.whole.count("setmaxnreg") > 0 ? row.threads / group_threads : 0;
}

std::vector<Metric> metrics_of(std::span<const KernelFigures* const> siblings) {
    std::vector<Metric> metrics{
        counted(
            "registers", [](const KernelFigures& row) { return row.assembler.registers; }, true),
        counted(
            "spill bytes",
            [](const KernelFigures& row) { return row.assembler.spill_store_bytes + row.assembler.spill_load_bytes; },
            true),
        counted("stack bytes", [](const KernelFigures& row) { return row.assembler.stack_bytes; }),
        counted("shared bytes, static", [](const KernelFigures& row) { return row.assembler.static_shared_bytes; }),
        counted("shared bytes, dynamic", [](const KernelFigures& row) { return row.dynamic_shared_bytes; }),
        counted("threads a block", [](const KernelFigures& row) { return row.threads; }),
        counted("warpgroups with roles", [](const KernelFigures& row) { return roles_of(row); }),
        counted("TMA", [](const KernelFigures& row) { return row.whole.tma(); }),
        counted("TMA multicast", [](const KernelFigures& row) { return row.whole.count("TMA multicast"); }),
        {"blocks per SM", [](const KernelFigures& row) { return row.occupancy.blocks; },
         [](const KernelFigures& row) {
             return fmt::format("{} ({:.0f} %, {})", row.occupancy.blocks, 100 * row.occupancy.fraction,
                                row.occupancy.limit);
         },
         true},
        counted(
            "instructions", [](const KernelFigures& row) { return row.whole.total; }, true),
        counted("code bytes", [](const KernelFigures& row) { return row.code_bytes; }),
        counted(
            "hot loop: instructions", [](const KernelFigures& row) { return row.hot().total; }, true),
        {"hot loop: flops a thread", [](const KernelFigures& row) { return row.hot().thread_flops(); },
         [](const KernelFigures& row) { return three_digits(row.hot().thread_flops()); }, true},
        counted("hot loop: global bytes a thread",
                [](const KernelFigures& row) { return row.hot().global_load_bytes; }),
        counted("hot loop: shared bytes a thread",
                [](const KernelFigures& row) { return row.hot().shared_load_bytes; }),
        {"hot loop: flops per loaded byte",
         [](const KernelFigures& row) { return ratio(row.hot().thread_flops(), loaded_bytes(row.hot())); },
         [](const KernelFigures& row) {
             return three_digits(ratio(row.hot().thread_flops(), loaded_bytes(row.hot())));
         },
         true},
    };
    metrics.push_back({"hot loop: upper bound",
                       [](const KernelFigures& row) { return row.bound ? row.bound->share : 0; },
                       [](const KernelFigures& row) { return row.bound ? text_of(*row.bound) : "–"; }, true});
    for (const auto& pipe : name_list(Pipe{})) {
        const auto cycles = [at = pipe.value](const KernelFigures& row) {
            return row.bound && row.bound->cycles.contains(at) ? row.bound->cycles.at(at) : 0;
        };
        metrics.push_back({fmt::format("least cycles: {}", pipe.name), cycles,
                           [cycles](const KernelFigures& row) { return three_digits(cycles(row)); }});
    }
    std::set<std::string> classes;
    for (const KernelFigures* row : siblings)
        for (const auto& [kind, number] : row->hot().by_class) classes.insert(kind);
    for (const std::string& kind : classes)
        metrics.push_back(
            counted("hot loop: " + kind, [kind](const KernelFigures& row) { return row.hot().count(kind); }));
    return metrics;
}

/// How far apart siblings are: log of the largest over the smallest, each counted from 1 up.
double spread(const Metric& metric, std::span<const KernelFigures* const> siblings) {
    double least = std::numeric_limits<double>::infinity(), most = 0;
    for (const KernelFigures* row : siblings) {
        least = std::min(least, metric.value(*row));
        most = std::max(most, metric.value(*row));
    }
    return std::log((most + 1) / (least + 1));
}

/// Widths of the accesses of a class in a kernel, widest first: "128-bit", "128- and 32-bit".
std::string widths(const InstructionMix& mix, std::string_view kind) {
    std::vector<std::string> found;
    for (int bits : {256, 128, 64, 32, 16, 8})
        if (mix.count(fmt::format("{}.{}", kind, bits)) > 0) found.push_back(std::to_string(bits));
    if (found.empty()) return {};
    if (found.size() == 1) return found.front() + "-bit";
    const std::string last = found.back();
    found.pop_back();
    return fmt::format("{}- and {}-bit", fmt::join(found, "-, "), last);
}

/// Bytes of spills; what the compiler of tiles put on the stack, as it tells no spills.
std::string spills_in_words(const KernelFigures& row) {
    const std::size_t spills = row.assembler.spill_store_bytes + row.assembler.spill_load_bytes;
    if (spills == 0 && row.language == Language::cuda_tile && row.assembler.stack_bytes > 0)
        return fmt::format("stack {}", row.assembler.stack_bytes);
    return std::to_string(spills);
}

std::string tma_in_words(const InstructionMix& mix) {
    return mix.tma() == 0 ? "–" : mix.count("TMA multicast") > 0 ? "multicast" : "yes";
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::string bound_note(const std::string& architecture) {
    const auto rates = rates_of(architecture);
    return rates ? fmt::format(
                       "at most: an upper bound of the hot loop's share of the peak that its arithmetic has, by "
                       "the pipe that takes longest for one iteration; no time. Rates: {}.",
                       rates->source)
                 : "";
}

std::string column_title(const KernelFigures& figures) {
    std::string title(info(figures.language).title);
    // Text has several compilers.
    return is_native(figures.language) ? title : title + ", " + figures.compiler;
}

std::string in_words(const KernelFigures& figures) {
    const InstructionMix& mix = figures.whole;
    std::vector<std::string> parts;
    if (mix.tma() > 0) parts.push_back(mix.count("TMA multicast") > 0 ? "TMA copies with multicast" : "TMA copies");
    if (roles_of(figures) > 0) parts.push_back(fmt::format("{} warpgroups with roles", roles_of(figures)));
    if (mix.count("cp.async") > 0) parts.push_back(fmt::format("{} cp.async", mix.count("cp.async")));
    if (const std::string global = widths(mix, "LDG"); !global.empty())
        parts.push_back(fmt::format(
            "{} global loads{}", global,
            mix.count("cp.async") + mix.tma() == 0 && mix.shared_store_bytes > 0 ? " through registers" : ""));
    if (const std::string shared = widths(figures.hot(), "LDS"); !shared.empty())
        parts.push_back(shared + " shared loads");
    for (const char* kind : {"LDSM.x4", "LDSM.x2", "LDSM.x1"})
        if (mix.count(kind) > 0) parts.push_back(fmt::format("ldmatrix {}", std::string(kind).substr(5)));
    if (const std::size_t matrix = figures.hot().matrix_instructions(); matrix > 0)
        parts.push_back(fmt::format("{} matrix instructions an iteration", matrix));
    else if (figures.hot().fp32_fma > 0)
        parts.push_back(fmt::format("{} FMA an iteration", figures.hot().fp32_fma));
    if (mix.local_accesses > 0) parts.push_back(fmt::format("{} accesses to local memory", mix.local_accesses));
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::vector<std::string> differences_in_words(std::span<const KernelFigures* const> siblings) {
    // Address work and loads are counted per flop, since siblings may unroll differently.
    const auto per_flop = [](const KernelFigures& row, double count) { return ratio(count, row.hot().thread_flops()); };
    double least = std::numeric_limits<double>::infinity();
    for (const KernelFigures* row : siblings)
        if (const double own = per_flop(*row, row->hot().count("integer")); own > 0) least = std::min(least, own);
    std::vector<std::string> sentences;
    for (const KernelFigures* row : siblings) {
        std::string sentence = column_title(*row) + ": " + in_words(*row);
        const double own = per_flop(*row, row->hot().count("integer"));
        if (std::isfinite(least) && own > 1.1 * least)
            sentence += fmt::format(", {:.1f}× the address arithmetic per flop", own / least);
        sentences.push_back(sentence + ".");
    }
    return sentences;
}

Table side_by_side(std::span<const KernelFigures* const> siblings) {
    const KernelFigures& first = *siblings.front();
    Table table;
    table.title = fmt::format("{}/{}: {} {} on {}", first.operation, first.algorithm, first.kernel, first.dtype,
                              first.architecture);
    table.columns = {{"", Align::left}};
    for (const KernelFigures* row : siblings) table.columns.push_back({column_title(*row), Align::right});

    std::vector<Metric> metrics = metrics_of(siblings);
    std::stable_sort(metrics.begin(), metrics.end(),
                     [&](const Metric& a, const Metric& b) { return spread(a, siblings) > spread(b, siblings); });
    for (const Metric& metric : metrics) {
        const bool says_nothing = siblings.size() > 1 ? spread(metric, siblings) == 0 : metric.value(first) == 0;
        if (!metric.always && says_nothing) continue;
        Row& line = table.rows.emplace_back(Row{{metric.name}, {}});
        for (const KernelFigures* row : siblings) line.cells.push_back(metric.text(*row));
    }
    for (const KernelFigures* row : siblings)
        for (const std::string& warning : row->assembler.warnings)
            table.notes.push_back(column_title(*row) + ": " + warning);
    for (const std::string& sentence : differences_in_words(siblings)) table.notes.push_back(sentence);
    if (first.bound) table.notes.push_back(bound_note(first.architecture));
    return table;
}

Table overview(std::span<const KernelFigures* const> kernels, std::string title) {
    Table table;
    table.title = std::move(title);
    table.columns = {{"kernel", Align::left},     {"language", Align::left}, {"dtype", Align::left},
                     {"regs", Align::right},      {"spills", Align::right},  {"shared", Align::right},
                     {"blocks/SM", Align::right}, {"limit", Align::left},    {"instr.", Align::right},
                     {"loop", Align::right},      {"FMA", Align::right},     {"matrix", Align::right},
                     {"TMA", Align::left},        {"roles", Align::right},   {"flops/byte", Align::right},
                     {"at most", Align::left},    {"by", Align::left},       {"!", Align::left}};
    for (const KernelFigures* row : kernels) {
        const InstructionMix& hot = row->hot();
        table.rows.push_back(
            {{row->operation + "/" + row->algorithm +
                  (row->kernel == row->operation + "_" + row->algorithm ? "" : " " + row->kernel),
              std::string(name(row->language)), row->dtype, std::to_string(row->assembler.registers),
              spills_in_words(*row), std::to_string(row->shared_bytes()), std::to_string(row->occupancy.blocks),
              row->occupancy.limit, std::to_string(row->whole.total), std::to_string(hot.total),
              std::to_string(hot.fp32_fma), std::to_string(hot.matrix_instructions()), tma_in_words(row->whole),
              roles_of(*row) > 0 ? std::to_string(roles_of(*row)) : "–",
              three_digits(ratio(hot.thread_flops(), loaded_bytes(hot))),
              row->bound && row->bound->arithmetic
                  ? fmt::format("{:.2f} {}", row->bound->share, name(*row->bound->arithmetic))
                  : "–",
              row->bound ? std::string(name(row->bound->binds)) : "–", row->assembler.warnings.empty() ? "" : "!"},
             {}});
    }
    table.notes = {
        "loop, FMA, matrix and flops/byte speak of one iteration of the loop that does the most arithmetic; "
        "flops/byte counts bytes loaded from shared memory, or from global memory where the loop reads no shared.",
        "roles: warpgroups of a block between which registers move (setmaxnreg). TMA: in the whole kernel.",
        "opencl rows are clang → NVPTX (proxy): clang and libclc to PTX, then ptxas. NVIDIA's own OpenCL compiler may "
        "differ.",
        "! marks a warning of the assembler that costs speed."};
    if (const std::string note = bound_note(kernels.front()->architecture); !note.empty()) table.notes.push_back(note);
    return table;
}

Table sources_table(const std::string& algorithm, const SourceOverlap& overlap) {
    Table table;
    table.title = algorithm + ": lines of kernel code";
    table.columns = {{"file", Align::left}, {"lines", Align::right}};
    for (const SourceLines& file : overlap.files) table.rows.push_back({{file.file, std::to_string(file.lines)}, {}});
    for (const SharedLines& pair : overlap.pairs)
        table.notes.push_back(fmt::format("{} and {} have {:.0f} % of their lines in common.", file_name(pair.first),
                                          file_name(pair.second), 100 * pair.share));
    if (!overlap.pairs.empty())
        table.notes.push_back(
            fmt::format("Code divergence (1 − mean Jaccard similarity): {:.2f}.", overlap.divergence));
    return table;
}

Table cpu_table(std::span<const CpuFigures> kernels) {
    Table table;
    table.title = "OpenCL C on the CPU, by PoCL";
    table.columns = {{"kernel", Align::left}, {"device", Align::left},  {"instr.", Align::right},
                     {"loop", Align::right},  {"vector", Align::right}, {"vector FMA", Align::right},
                     {"FMA", Align::right},   {"stack", Align::right}};
    for (const CpuFigures& row : kernels)
        table.rows.push_back(
            {{row.variant + (row.variant.find(row.kernel) == std::string::npos ? " " + row.kernel : ""), row.device,
              std::to_string(row.instructions), std::to_string(row.loop_instructions),
              row.vector_bits > 32 ? fmt::format("{}-bit", row.vector_bits) : "scalar", std::to_string(row.vector_fma),
              std::to_string(row.fma), std::to_string(row.stack_accesses)},
             {}});
    table.notes = {
        "loop and all right of it speak of the loop with the most vector FMA; stack counts its accesses to the stack: "
        "spills and private arrays."};
    return table;
}

}  // namespace stele::explain
