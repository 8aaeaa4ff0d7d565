#include "harness/base/regex.hpp"

#include <fmt/format.h>

#include <functional>
#include <string>

#include "harness/base/error.hpp"

namespace stele {

/// Reads an expression and builds its steps from the end: each part is told where to go on.
class RegexReader {
public:
    RegexReader(std::string_view pattern, std::vector<Regex::Step>& steps) : rest_(pattern), steps_(steps) {}

    int read() {
        const Part whole = alternatives(0);
        if (!rest_.empty()) throw BadInput("a ')' has no '('");
        return whole(add({Regex::Kind::match, {}}));
    }

private:
    static constexpr std::size_t most_steps = 20000;
    static constexpr int most_depth = 100, most_repeats = 255;
    /// Makes the steps of a part that goes on at the step given, and says its first.
    using Part = std::function<int(int)>;

    int add(Regex::Step step) {
        if (steps_.size() == most_steps) throw BadInput("the expression is too large");
        steps_.push_back(step);
        return static_cast<int>(steps_.size()) - 1;
    }
    int add_split(int next, int other) { return add({Regex::Kind::split, {}, next, other}); }

    Part alternatives(int depth) {
        if (depth > most_depth) throw BadInput("parentheses are nested too deeply");
        std::vector<Part> all{sequence(depth)};
        while (take('|')) all.push_back(sequence(depth));
        return [this, all](int next) {
            int first = all.back()(next);
            for (std::size_t i = all.size() - 1; i-- > 0;) first = add_split(all[i](next), first);
            return first;
        };
    }

    Part sequence(int depth) {
        std::vector<Part> all;
        while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') all.push_back(repeated(depth));
        return [all](int next) {
            for (std::size_t i = all.size(); i-- > 0;) next = all[i](next);
            return next;
        };
    }

    Part repeated(int depth) {
        Part part = one(depth);
        for (int count = 0;; ++count) {
            if (count > most_depth) throw BadInput("one part is repeated by too many marks");
            if (take('*'))
                part = times(part, 0, -1);
            else if (take('+'))
                part = times(part, 1, -1);
            else if (take('?'))
                part = times(part, 0, 1);
            else if (take('{'))
                part = counted(part);
            else
                return part;
        }
    }

    /// `most` below 0: any number.
    Part times(const Part& part, int least, int most) {
        return [this, part, least, most](int next) {
            if (most < 0) {
                const int loop = add_split(-1, next);
                const int body = part(loop);
                steps_[static_cast<std::size_t>(loop)].next = body;
                next = loop;
            } else {
                const int after = next;
                for (int i = least; i < most; ++i) next = add_split(part(next), after);
            }
            for (int i = 0; i < least; ++i) next = part(next);
            return next;
        };
    }

    Part counted(const Part& part) {
        const int least = number();
        int most = least;
        if (take(',')) most = !rest_.empty() && rest_.front() == '}' ? -1 : number();
        if (!take('}')) throw BadInput("a '}' is missing");
        if (most >= 0 && most < least) throw BadInput("a count in braces runs backwards");
        return times(part, least, most);
    }

    int number() {
        int value = -1;
        for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1)) {
            value = std::max(value, 0) * 10 + (rest_.front() - '0');
            if (value > most_repeats) throw BadInput(fmt::format("a count in braces is above {}", most_repeats));
        }
        if (value < 0) throw BadInput("braces hold no count");
        return value;
    }

    Part one(int depth) {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        switch (c) {
            case '(': {
                Part inner = alternatives(depth + 1);
                if (!take(')')) throw BadInput("a ')' is missing");
                return inner;
            }
            case '[':
                return of_set(bracket());
            case '.':
                return of_set(std::bitset<256>().set());
            case '^':
                return of_place(Regex::Kind::start);
            case '$':
                return of_place(Regex::Kind::end);
            case '*':
            case '+':
            case '?':
            case '{':
                throw BadInput(fmt::format("'{}' repeats nothing", c));
            case '\\':
                if (rest_.empty()) throw BadInput("it ends after a '\\'");
                if (std::isalnum(static_cast<unsigned char>(rest_.front())))
                    throw BadInput(fmt::format("'\\{}' has no meaning", rest_.front()));
                return of_set(single(next()));
            default:
                return of_set(single(c));
        }
    }

    Part of_set(const std::bitset<256>& set) {
        return [this, set](int next) { return add({Regex::Kind::set, set, next}); };
    }
    Part of_place(Regex::Kind kind) {
        return [this, kind](int next) { return add({kind, {}, next}); };
    }
    static std::bitset<256> single(char c) { return std::bitset<256>().set(static_cast<unsigned char>(c)); }

    std::bitset<256> bracket() {
        std::bitset<256> set;
        const bool turned = take('^');
        for (bool first = true;; first = false) {
            if (rest_.empty()) throw BadInput("a ']' is missing");
            if (rest_.front() == ']' && !first) break;
            if (rest_.starts_with("[:") || rest_.starts_with("[=") || rest_.starts_with("[."))
                throw BadInput("named classes are not known here");
            const auto low = static_cast<unsigned char>(next());
            auto high = low;
            if (rest_.size() > 1 && rest_.front() == '-' && rest_[1] != ']') {
                rest_.remove_prefix(1);
                high = static_cast<unsigned char>(next());
            }
            if (high < low) throw BadInput("a range in brackets runs backwards");
            for (unsigned c = low; c <= high; ++c) set.set(c);
        }
        rest_.remove_prefix(1);
        return turned ? ~set : set;
    }

    char next() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    bool take(char wanted) {
        if (rest_.empty() || rest_.front() != wanted) return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::string_view rest_;
    std::vector<Regex::Step>& steps_;
};

Regex::Regex(std::string_view pattern) {
    if (pattern.size() > most_characters)
        throw BadInput(fmt::format("it has {} characters, and {} are read", pattern.size(), most_characters));
    first_ = RegexReader(pattern, steps_).read();
}

/// Adds a step to the list, or where it leads without a character; each once.
void Regex::follow(int step, bool at_start, bool at_end, std::vector<int>& list, std::vector<bool>& listed) const {
    std::vector<int> open{step};
    while (!open.empty()) {
        const auto at = static_cast<std::size_t>(open.back());
        open.pop_back();
        if (listed[at]) continue;
        listed[at] = true;
        const Step& now = steps_[at];
        if (now.kind == Kind::split) {
            open.push_back(now.other);
            open.push_back(now.next);
        } else if (now.kind == Kind::start || now.kind == Kind::end) {
            if (now.kind == Kind::start ? at_start : at_end) open.push_back(now.next);
        } else {
            list.push_back(static_cast<int>(at));
        }
    }
}

bool Regex::found_in(std::string_view text) const {
    std::vector<int> now, later;
    std::vector<bool> listed(steps_.size());
    for (std::size_t at = 0;; ++at) {
        // A match may start at each place.
        follow(first_, at == 0, at == text.size(), now, listed);
        later.clear();
        listed.assign(steps_.size(), false);
        for (const int step : now) {
            const Step& here = steps_[static_cast<std::size_t>(step)];
            if (here.kind == Kind::match) return true;
            if (at < text.size() && here.set[static_cast<unsigned char>(text[at])])
                follow(here.next, false, at + 1 == text.size(), later, listed);
        }
        if (at == text.size()) return false;
        now.swap(later);
    }
}

}  // namespace stele
