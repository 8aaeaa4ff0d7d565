#include "kernels/problem_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace stele {
namespace {

/// The whole of `text` as a number, or nothing.
template <typename T>
std::optional<T> number(const std::string& text) {
    T value{};
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return value;
}

}  // namespace

ProblemText::ProblemText(std::string_view operation, std::string_view grammar, std::string_view text)
    : operation_(operation), grammar_(grammar), text_(text) {
    std::istringstream in(text_);
    for (std::string word; in >> word;) {
        const auto equals = word.find('=');
        if (equals == std::string::npos) {
            if (!words_.insert(word).second) fail(fmt::format("'{}' is given twice", word));
            continue;
        }
        const std::string key = word.substr(0, equals);
        if (!values_.emplace(key, word.substr(equals + 1)).second) fail(fmt::format("'{}=' is given twice", key));
    }
}

void ProblemText::fail(const std::string& why) const {
    throw ProblemError(fmt::format("{} problem '{}': {}; expected: {}", operation_, text_, why, grammar_));
}

std::int64_t ProblemText::take_extent(const std::string& key, std::int64_t least, std::int64_t most) {
    const auto found = values_.find(key);
    if (found == values_.end()) fail(fmt::format("'{}=' is missing", key));
    const auto value = number<std::int64_t>(found->second);
    if (!value) fail(fmt::format("{}={} is not a whole number", key, found->second));
    if (*value < least || *value > most)
        fail(fmt::format("{}={} is outside {} to {}", key, found->second, least, most));
    values_.erase(found);
    return *value;
}

std::int64_t ProblemText::take_extent_or(const std::string& key, std::int64_t otherwise, std::int64_t least,
                                         std::int64_t most) {
    return values_.contains(key) ? take_extent(key, least, most) : otherwise;
}

std::vector<std::int64_t> ProblemText::take_extents(const std::string& key, std::int64_t least, std::int64_t most) {
    const auto found = values_.find(key);
    if (found == values_.end()) return {};
    std::vector<std::int64_t> out;
    const std::string& list = found->second;
    for (std::size_t begin = 0; begin <= list.size();) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        const auto value = number<std::int64_t>(list.substr(begin, end - begin));
        if (!value) fail(fmt::format("{}={} is not a list of whole numbers with commas between", key, list));
        if (*value < least || *value > most)
            fail(fmt::format("{} in {}={} is outside {} to {}", *value, key, list, least, most));
        out.push_back(*value);
        begin = end + 1;
    }
    values_.erase(found);
    return out;
}

double ProblemText::take_real_or(const std::string& key, double otherwise, double least, double most) {
    const auto found = values_.find(key);
    if (found == values_.end()) return otherwise;
    const auto value = number<double>(found->second);
    if (!value || !std::isfinite(*value)) fail(fmt::format("{}={} is not a number", key, found->second));
    if (*value < least || *value > most)
        fail(fmt::format("{}={} is outside {} to {}", key, found->second, least, most));
    values_.erase(found);
    return *value;
}

std::string ProblemText::take_word_or(const std::string& key, const std::string& otherwise,
                                      const std::set<std::string>& accepted) {
    const auto found = values_.find(key);
    if (found == values_.end()) return otherwise;
    if (!accepted.contains(found->second))
        fail(fmt::format("{}={} is none of {}", key, found->second, fmt::join(accepted, ", ")));
    std::string value = std::move(found->second);
    values_.erase(found);
    return value;
}

Dtype ProblemText::take_dtype(const std::set<Dtype>& accepted) {
    std::optional<Dtype> taken;
    for (auto word = words_.begin(); word != words_.end();) {
        const auto dtype = from_name<Dtype>(*word);
        if (!dtype) {
            ++word;
            continue;
        }
        if (taken) fail("two dtypes are given");
        if (!accepted.contains(*dtype)) {
            std::vector<std::string_view> names;
            for (Dtype candidate : accepted) names.push_back(name(candidate));
            fail(fmt::format("dtype {} is none of {}", *word, fmt::join(names, ", ")));
        }
        taken = dtype;
        word = words_.erase(word);
    }
    return taken.value_or(Dtype::f32);
}

bool ProblemText::take_flag(const std::string& flag) { return words_.erase(flag) > 0; }

void ProblemText::finish() const {
    if (!values_.empty()) fail(fmt::format("'{}=' is not known", values_.begin()->first));
    if (!words_.empty()) fail(fmt::format("'{}' is not known", *words_.begin()));
}

}  // namespace stele
