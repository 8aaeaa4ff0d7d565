#include "harness/draw/document.hpp"

#include "harness/draw/console.hpp"
#include "harness/draw/html.hpp"
#include "harness/draw/markdown.hpp"

namespace stele {

std::string drawn(const Document& document, DrawnAs format, std::size_t width) {
    switch (format) {
        case DrawnAs::console:
            return console_text(document, width);
        case DrawnAs::markdown:
            return markdown_text(document);
        case DrawnAs::html:
            return html_text(document);
    }
    return {};
}

}  // namespace stele
