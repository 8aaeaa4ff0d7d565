// Reads "m=512 n=512 k=512 f32": words key=value, a dtype, and flags.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "kernels/operation.hpp"

namespace stele {

/// The words of a problem text. Each take_*() removes what it read; finish() throws if a word is left over.
class ProblemText {
public:
    /// Throws ProblemError on a word given twice. `operation` and `grammar` are for messages.
    ProblemText(std::string_view operation, std::string_view grammar, std::string_view text);

    /// Throws ProblemError: missing, not a whole number, or outside [least, most].
    std::int64_t take_extent(const std::string& key, std::int64_t least, std::int64_t most);
    /// "3,0,5": at least one value, each within [least, most]; empty when absent.
    std::vector<std::int64_t> take_extents(const std::string& key, std::int64_t least, std::int64_t most);
    std::int64_t take_extent_or(const std::string& key, std::int64_t otherwise, std::int64_t least, std::int64_t most);
    double take_real_or(const std::string& key, double otherwise, double least, double most);
    std::string take_word_or(const std::string& key, const std::string& otherwise,
                             const std::set<std::string>& accepted);
    /// The dtype word, one of `accepted`; f32 when absent.
    Dtype take_dtype(const std::set<Dtype>& accepted);
    bool take_flag(const std::string& flag);
    void finish() const;

    [[noreturn]] void fail(const std::string& why) const;

private:
    std::string operation_, grammar_, text_;
    std::map<std::string, std::string> values_;
    std::set<std::string> words_;
};

}  // namespace stele
