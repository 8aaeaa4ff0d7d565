// Inputs and references, which cost far more than a run.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/operation.hpp"

namespace stele {

/// Where inputs and references come from.
class ReferenceSource {
public:
    virtual ~ReferenceSource() = default;
    virtual std::vector<Tensor> inputs(const Problem& problem, std::uint64_t seed, Fill fill) = 0;
    /// Of inputs(problem, seed, fill), which are `inputs`.
    virtual std::vector<Expected> expected(const Problem& problem, std::uint64_t seed, Fill fill,
                                           const Arithmetic& arithmetic, const std::vector<Tensor>& inputs) = 0;
};

/// Drawn and computed by the problem.
class ReferencesComputed final : public ReferenceSource {
public:
    std::vector<Tensor> inputs(const Problem& problem, std::uint64_t seed, Fill fill) override {
        return problem.inputs(seed, fill);
    }
    std::vector<Expected> expected(const Problem& problem, std::uint64_t, Fill, const Arithmetic& arithmetic,
                                   const std::vector<Tensor>& inputs) override {
        return problem.reference(inputs, arithmetic);
    }
};

/// Made once for all variants of a problem. Least recently used ones go when they take more than `most_bytes` together;
/// who holds one keeps it.
class ReferenceCache {
public:
    explicit ReferenceCache(std::size_t most_bytes = affordable_bytes(),
                            std::unique_ptr<ReferenceSource> source = std::make_unique<ReferencesComputed>())
        : most_bytes_(most_bytes), source_(std::move(source)) {}
    /// 2 GiB, or a quarter of the memory that is left where that is less.
    static std::size_t affordable_bytes();

    using Inputs = std::shared_ptr<const std::vector<Tensor>>;
    using Expectations = std::shared_ptr<const std::vector<Expected>>;

    Inputs inputs(const Problem& problem, std::uint64_t seed, Fill fill);
    /// Of inputs(problem, seed, fill).
    Expectations expected(const Problem& problem, std::uint64_t seed, Fill fill, const Arithmetic& arithmetic);

    std::size_t bytes() const { return bytes_; }

private:
    /// All that inputs and bounds depend on. Compared as a whole, so that no field can be forgotten.
    struct Key {
        std::string operation, problem;
        std::uint64_t seed;
        Fill fill;
        std::optional<Arithmetic> arithmetic;  ///< none: the inputs

        bool operator==(const Key&) const = default;
    };
    struct Entry {
        Key key;
        std::size_t bytes;
        Inputs inputs;
        Expectations expected;
    };
    Entry* find(const Key& key);
    void keep(Entry entry);

    std::size_t most_bytes_, bytes_ = 0;
    std::unique_ptr<ReferenceSource> source_;
    std::list<Entry> entries_;  ///< most recently used first
};

}  // namespace stele
