#include "kernels/source.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

#include "kernels/embedded_text.hpp"
#include "kernels/native_table.hpp"
#include "kernels/simt_module.hpp"

namespace stele {
namespace {

using ReadText = std::function<std::string(std::string_view)>;

std::string embedded(std::string_view file) {
    for (const EmbeddedText& entry : embedded_texts())
        if (entry.file == file) return std::string(entry.text);
    throw std::logic_error("no OpenCL source '" + std::string(file) + "' in this build");
}

void expand(std::string_view file, const ReadText& read, std::set<std::string, std::less<>>& seen,
            std::ostringstream& out) {
    if (!seen.emplace(file).second) return;
    out << "#line 1 \"" << file << "\"\n";
    std::istringstream in{read(file)};
    std::size_t line_number = 0;
    for (std::string line; std::getline(in, line);) {
        ++line_number;
        constexpr std::string_view include = "#include \"";
        if (!line.starts_with(include)) {
            out << line << '\n';
            continue;
        }
        const std::string included = line.substr(include.size(), line.rfind('"') - include.size());
        expand(included, read, seen, out);
        out << "#line " << line_number + 1 << " \"" << file << "\"\n";
    }
}

/// "gemm/tiled" → "gemm/tiled/tiled".
std::string stem(std::string_view algorithm) {
    const auto slash = algorithm.rfind('/');
    return std::string(algorithm) + '/' + std::string(algorithm.substr(slash == algorithm.npos ? 0 : slash + 1));
}

using Table = std::map<std::string, NativeKernel, std::less<>>;

std::string key(Language language, std::string_view algorithm, std::string_view entry, std::string_view instance) {
    std::string out(name(language));
    for (std::string_view part : {algorithm, entry, instance}) (out += '|') += part;
    return out;
}

const Table& table() {
    static const Table built = [] {
        Table out;
        for (const NativeExport& file : native_exports())
            for (const NativeInstance& row : file.instances())
                out[key(file.language, file.algorithm, row.entry, row.instance)].cuda = row.kernel.cuda;
        for (const NativeExport& file : simt_exports())
            for (const NativeInstance& row : file.instances()) {
                NativeKernel& kernel = out[key(file.language, file.algorithm, row.entry, row.instance)];
                kernel.simt = row.kernel.simt;
                // A kernel of tiles has no stub in this binary: it is known by its name, which is that of simt's.
                if (file.language == Language::cuda_tile) kernel.cuda = row.kernel.cuda;
            }
        return out;
    }();
    return built;
}

}  // namespace

std::string opencl_text(std::string_view file) { return opencl_text(file, embedded); }

std::string opencl_text(std::string_view file, const ReadText& read) {
    std::set<std::string, std::less<>> seen;
    std::ostringstream out;
    expand(file, read, seen, out);
    return out.str();
}

NativeKernel native_kernel(Language language, std::string_view algorithm, std::string_view entry,
                           std::string_view instance) {
    const auto found = table().find(key(language, algorithm, entry, instance));
    return found == table().end() ? NativeKernel{} : found->second;
}

bool built_with_cuda() { return !native_exports().empty(); }

bool has_native_file(Language language, std::string_view algorithm) {
    // Machine code of tiles is not in the binary; simt has the list of it.
    const auto& files = language == Language::cuda_tile ? simt_exports() : native_exports();
    return std::ranges::any_of(
        files, [&](const NativeExport& file) { return file.language == language && file.algorithm == algorithm; });
}

KernelSource kernel_source(Language language, std::string_view algorithm, std::string entry, std::string instance,
                           std::vector<std::string> options) {
    KernelSource source;
    source.language = language;
    source.file = stem(algorithm) + std::string(info(language).suffix);
    if (is_native(language)) {
        source.native = native_kernel(language, algorithm, entry, instance);
    } else {
        source.text = opencl_text(source.file);
        source.options = std::move(options);
    }
    source.entry = std::move(entry);
    source.instance = std::move(instance);
    return source;
}

}  // namespace stele
