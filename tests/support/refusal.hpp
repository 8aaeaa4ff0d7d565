// What a call refuses with.
#pragma once

#include <string>

namespace stele::test {

/// The words of the Error that `call` throws; empty where it throws nothing.
template <typename Error, typename Call>
std::string refusal_of(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace stele::test
