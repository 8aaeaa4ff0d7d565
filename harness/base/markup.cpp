#include "harness/base/markup.hpp"

#include "harness/base/visible.hpp"

namespace stele {

std::string markup_text(std::string_view text) {
    std::string out;
    for (const char byte : visible(text, true)) switch (byte) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += byte;
        }
    return out;
}

}  // namespace stele
