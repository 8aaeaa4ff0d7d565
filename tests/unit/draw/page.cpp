// Pages of HTML: what they may do, and what plots are in them.
#include "harness/draw/page.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "harness/draw/document.hpp"

namespace stele::page_test {
namespace {

const std::string hostile = "</script><img src=x onerror=alert(1)><!--\xe2\x80\xa8&\"'";

Document sample() {
    Plot plot;
    plot.specification = nlohmann::json{{"mark", "point"}, {"title", hostile}}.dump();
    plot.table.title = "A plot " + hostile;
    plot.table.columns = {{"name", Align::left}};
    plot.table.rows = {{{hostile}, {}, "row-1"}};
    plot.table.notes = {"How to read it."};
    Document document;
    document.add(Heading{"A page"});
    document.add(std::move(plot));
    return document;
}

/// The text of the script elements that are no data.
std::vector<std::string> scripts_in(const std::string& page) {
    std::vector<std::string> out;
    for (std::size_t at = 0; (at = page.find("<script>", at)) != std::string::npos;) {
        at += std::string("<script>").size();
        out.push_back(page.substr(at, page.find("</script>", at) - at));
    }
    return out;
}

/// RFC 4648, by the bits as a text.
std::string base64(std::string_view hex) {
    std::string bits, out;
    for (const char digit : hex)
        for (int bit = 3; bit >= 0; --bit)
            bits += (std::string("0123456789abcdef").find(digit) >> bit & 1) != 0 ? '1' : '0';
    while (bits.size() % 6 != 0) bits += '0';
    for (std::size_t at = 0; at < bits.size(); at += 6)
        out += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[std::stoi(bits.substr(at, 6), nullptr,
                                                                                            2)];
    while (out.size() % 4 != 0) out += '=';
    return out;
}

TEST(Page, APolicyNamesEachScriptByItsDigest) {
    // Of the empty text, as NIST and RFC 4648 have them.
    ASSERT_EQ(base64("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
              "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    std::string scripts;
    for (const EmbeddedText& file : embedded_page())
        if (file.file == "page.js") scripts = " 'sha256-" + base64(file.sha256) + "'";
    const auto policy = [](const std::string& sources) {
        return "content=\"default-src 'none'; script-src" + sources +
               "; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">";
    };
    EXPECT_NE(page_start("", false).find(policy(scripts)), std::string::npos) << page_start("", false).substr(0, 400);
    for (const EmbeddedText& library : embedded_plot_library())
        scripts = " 'sha256-" + base64(library.sha256) + "'" + scripts;
    EXPECT_NE(page_start("", true).find(policy(scripts)), std::string::npos) << page_start("", true).substr(0, 400);
}

TEST(Page, HasItsTitleItsLooksAndItsScript) {
    const std::string start = page_start("a < b", false), end = page_end(false);
    EXPECT_NE(start.find("<title>a &lt; b</title>\n<style>\n"), std::string::npos);
    EXPECT_TRUE(start.ends_with("</style>\n</head>\n<body>\n"));
    for (const EmbeddedText& file : embedded_page()) {
        if (file.file == "page.css") {
            EXPECT_NE(start.find(file.text), std::string::npos);
        }
        if (file.file == "page.js") {
            EXPECT_EQ(end, "<script>" + std::string(file.text) + "</script>\n</body>\n</html>\n");
        }
    }
}

TEST(Page, OnlyItsOwnScriptsRun) {
    const std::string page = drawn(sample(), DrawnAs::html);
    std::vector<std::string> wanted;
    for (const EmbeddedText& library : embedded_plot_library()) wanted.emplace_back(library.text);
    for (const EmbeddedText& file : embedded_page())
        if (file.file == "page.js") wanted.emplace_back(file.text);
    EXPECT_EQ(scripts_in(page), wanted);
    std::smatch policy;
    ASSERT_TRUE(std::regex_search(page, policy, std::regex("Content-Security-Policy\" content=\"([^\"]*)\"")));
    const std::string text = policy[1];
    EXPECT_TRUE(text.starts_with("default-src 'none'; script-src 'sha256-")) << text;
    const std::string scripts =
        text.substr(text.find("script-src"), text.find("; style-src") - text.find("script-src"));
    EXPECT_EQ(scripts.find("unsafe"), std::string::npos);
    EXPECT_EQ(std::count(scripts.begin(), scripts.end(), '\'') / 2, static_cast<std::ptrdiff_t>(wanted.size()));
    // Of the empty text's digest: 44 letters for 32 bytes, one of them a filler.
    EXPECT_TRUE(std::regex_search(scripts, std::regex("'sha256-[A-Za-z0-9+/]{43}='")));
}

TEST(Page, NothingOfADocumentIsMarkupOrScript) {
    const std::string page = drawn(sample(), DrawnAs::html);
    EXPECT_EQ(page.find("<img src=x"), std::string::npos);
    EXPECT_EQ(page.find("</script><img"), std::string::npos);
    EXPECT_NE(page.find("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&lt;!--"), std::string::npos);
    EXPECT_EQ(script_json("<a>&\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa6"),
              "\\u003ca\\u003e\\u0026\\u2028\\u2029\xe2\x80\xa6");
    EXPECT_EQ(script_json("a<"), "a\\u003c");
    EXPECT_EQ(script_json("\xe2\x80\xa8x"), "\\u2028x");
    EXPECT_EQ(nlohmann::json::parse(script_json(nlohmann::json(hostile).dump())), hostile);
}

TEST(Page, APlotHasItsSpecificationAndItsRows) {
    const std::string page = drawn(sample(), DrawnAs::html);
    EXPECT_NE(page.find("<tr id=\"row-1\">"), std::string::npos);
    EXPECT_NE(page.find("How to read it."), std::string::npos);
    const std::string begin = "<script type=\"application/json\" id=\"specification-1\">";
    const std::size_t at = page.find(begin);
    if (!can_draw_plots()) {
        EXPECT_EQ(at, std::string::npos);
        EXPECT_NE(page.find("This page has no plots"), std::string::npos);
        return;
    }
    ASSERT_NE(at, std::string::npos);
    const std::size_t from = at + begin.size();
    EXPECT_EQ(nlohmann::json::parse(page.substr(from, page.find("</script>", from) - from))["title"], hostile);
    EXPECT_NE(page.find("data-specification=\"specification-1\""), std::string::npos);
}

TEST(Page, ElsewhereAPlotIsItsTable) {
    for (const DrawnAs format : {DrawnAs::console, DrawnAs::markdown}) {
        const std::string text = drawn(sample(), format);
        EXPECT_NE(text.find("A plot"), std::string::npos);
        EXPECT_NE(text.find("How to read it."), std::string::npos);
        EXPECT_EQ(text.find("\"mark\""), std::string::npos);
    }
}

TEST(Page, WithoutPlotsItCarriesNoLibrary) {
    Document document;
    document.add(Heading{"Words alone"});
    EXPECT_EQ(scripts_in(drawn(document, DrawnAs::html)).size(), 1u);
}

}  // namespace
}  // namespace stele::page_test
