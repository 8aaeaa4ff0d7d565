// Extended regular expressions, searched for without backtracking: the time grows with expression × text, whatever both
// are. For expressions from outside.
#pragma once

#include <bitset>
#include <string_view>
#include <vector>

namespace stele {

/// POSIX's extended syntax: . [] [^] () | * + ? {n} {n,} {n,m} ^ $ and \ before a mark; no back references.
class Regex {
public:
    static constexpr std::size_t most_characters = 1000;

    /// Throws BadInput that says what is wrong: "a ')' is missing".
    explicit Regex(std::string_view pattern);

    /// True if any part of `text` matches.
    bool found_in(std::string_view text) const;

private:
    friend class RegexReader;
    enum class Kind { set, split, start, end, match };
    /// `next`, and `other` of a split, are steps; -1 until they are known.
    struct Step {
        Kind kind;
        std::bitset<256> set;
        int next = -1, other = -1;
    };
    void follow(int step, bool at_start, bool at_end, std::vector<int>& list, std::vector<bool>& listed) const;

    std::vector<Step> steps_;
    int first_ = 0;
};

}  // namespace stele
