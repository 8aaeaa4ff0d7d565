// What a command says, as headings, paragraphs, tables and plots; drawn for a console, as Markdown or as HTML.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "harness/draw/table.hpp"

namespace stele {

struct Heading {
    std::string text;
};

struct Paragraph {
    std::string text;    ///< may hold line ends
    std::string lead{};  ///< what it is about, before the text: "How sure:"

    std::string whole() const { return lead.empty() ? text : lead + ' ' + text; }
};

/// A plot on a page of HTML, with the rows that it is drawn from below it; elsewhere these rows alone.
struct Plot {
    std::string specification;  ///< of Vega-Lite, as JSON, with its data in it
    Table table;                ///< its title is the plot's, its notes say how to read it
};

class Document {
public:
    Document() = default;
    explicit Document(Table table) { add(std::move(table)); }
    explicit Document(const std::vector<Table>& tables) {
        for (const Table& table : tables) add(table);
    }

    void add(Heading heading) { parts_.emplace_back(std::move(heading)); }
    void add(Paragraph paragraph) { parts_.emplace_back(std::move(paragraph)); }
    void add(Table table) { parts_.emplace_back(std::move(table)); }
    void add(Plot plot) { parts_.emplace_back(std::move(plot)); }

    using Part = std::variant<Heading, Paragraph, Table, Plot>;
    const std::vector<Part>& parts() const { return parts_; }
    bool empty() const { return parts_.empty(); }

private:
    std::vector<Part> parts_;
};

enum class DrawnAs { console, markdown, html };

/// The whole document, ended by a newline. `width` is the console's. Whatever the parts hold, no control character and
/// no mark of the format itself gets through.
std::string drawn(const Document& document, DrawnAs format, std::size_t width = 120);

}  // namespace stele
