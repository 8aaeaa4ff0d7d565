#include "harness/measure/shared_tensors.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace stele {
namespace {

using Bytes = std::span<const std::byte>;

template <typename T>
Bytes part_of(const std::vector<T>& values) {
    return std::as_bytes(std::span(values));
}

Descriptor file_of(std::span<const Bytes> pieces, PartSizes& sizes) {
    Descriptor file(::memfd_create("stele-tensors", MFD_CLOEXEC));
    if (!file.open()) throw std::runtime_error(fmt::format("cannot make a file in memory: {}", std::strerror(errno)));
    sizes.clear();
    for (const Bytes part : pieces) {
        sizes.push_back(part.size());
        if (!write_all(file.get(), {reinterpret_cast<const char*>(part.data()), part.size()}))
            throw std::runtime_error(fmt::format("cannot share {} bytes: {}", part.size(), std::strerror(errno)));
    }
    return file;
}

/// Reads parts one after the other.
class Parts {
public:
    Parts(const Descriptor& file, const PartSizes& sizes) : file_(file), sizes_(sizes) {
        struct stat found{};
        const std::uint64_t all = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
        if (::fstat(file.get(), &found) != 0 || static_cast<std::uint64_t>(found.st_size) != all)
            throw std::runtime_error("a shared file has another size than was told");
    }
    std::uint64_t next_bytes() const {
        if (part_ >= sizes_.size()) throw std::runtime_error("a shared file has fewer parts than are wanted");
        return sizes_[part_];
    }
    template <typename T>
    std::vector<T> next() {
        std::vector<T> values(next_bytes() / sizeof(T));
        auto left = std::as_writable_bytes(std::span(values));
        while (!left.empty()) {
            const ssize_t count = ::pread(file_.get(), left.data(), left.size(), at_);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) throw std::runtime_error("a shared file cannot be read");
            at_ += count;
            left = left.subspan(static_cast<std::size_t>(count));
        }
        ++part_;
        return values;
    }
    bool at_end() const { return part_ == sizes_.size(); }

private:
    const Descriptor& file_;
    const PartSizes& sizes_;
    std::size_t part_ = 0;
    off_t at_ = 0;
};

}  // namespace

Descriptor shared(std::span<const Tensor> tensors, PartSizes& sizes) {
    std::vector<Bytes> pieces;
    for (const Tensor& tensor : tensors) pieces.push_back(part_of(tensor.data));
    return file_of(pieces, sizes);
}

Descriptor shared(std::span<const Expected> expected, PartSizes& sizes) {
    std::vector<Bytes> pieces;
    for (const Expected& one : expected)
        for (const Bytes part : {part_of(one.value), part_of(one.bound), part_of(one.sampled)}) pieces.push_back(part);
    return file_of(pieces, sizes);
}

std::vector<Tensor> shared_tensors(const Descriptor& file, const PartSizes& sizes, std::vector<TensorSpec> specs) {
    Parts read(file, sizes);
    std::vector<Tensor> tensors;
    for (TensorSpec& spec : specs) {
        const std::uint64_t bytes = read.next_bytes();
        if (spec.open_length && spec.bytes() != bytes && spec.shape.size() == 1)
            spec.shape[0] = static_cast<std::int64_t>(bytes / size_of(spec.dtype));
        if (spec.bytes() != bytes)
            throw std::runtime_error(
                fmt::format("{} takes {} bytes, and {} were shared", spec.name, spec.bytes(), bytes));
        Tensor& tensor = tensors.emplace_back();
        tensor.spec = std::move(spec);
        tensor.data = read.next<std::byte>();
    }
    if (!read.at_end()) throw std::runtime_error("a shared file has more parts than are wanted");
    return tensors;
}

std::vector<Expected> shared_expected(const Descriptor& file, const PartSizes& sizes) {
    Parts read(file, sizes);
    std::vector<Expected> expected;
    while (!read.at_end()) {
        Expected& one = expected.emplace_back();
        one.value = read.next<double>();
        one.bound = read.next<double>();
        one.sampled = read.next<std::size_t>();
    }
    return expected;
}

}  // namespace stele
