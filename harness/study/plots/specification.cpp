#include "harness/study/plots/specification.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/base/visible.hpp"

namespace stele::plots {

namespace {

void make_visible(Json& json) {
    if (json.is_string()) {
        json = visible(json.get_ref<const std::string&>());
    } else if (json.is_structured()) {
        for (Json& part : json) make_visible(part);
    }
}

struct Look {
    const char *colour, *shape;
};

Look look_of(Language language) {
    switch (language) {
        case Language::cuda:
            return {"#009E73", "circle"};
        case Language::ptx:
            return {"#D55E00", "triangle-up"};
        case Language::cuda_tile:
            return {"#6A4FB3", "triangle-right"};
        case Language::opencl:
            return {"#1F8FD6", "square"};
        case Language::opencl_ptx:
            return {"#E69F00", "diamond"};
        case Language::vendor:
            return {"#8A8A8A", "cross"};
        case Language::host:
            return {"#CC79A7", "triangle-down"};
    }
    throw std::logic_error("a language without a colour");
}

Json channel(const std::set<Language>& shown, const char* Look::* part) {
    Json domain = Json::array(), range = Json::array();
    for (const Language language : shown) {
        domain.push_back(language_title(language));
        range.push_back(look_of(language).*part);
    }
    return {{"field", "language"}, {"type", "nominal"}, {"scale", {{"domain", domain}, {"range", range}}}};
}

}  // namespace

Json specification(const char* text) {
    Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) throw std::logic_error(std::string("no JSON: ") + text);
    return json;
}

Plot plot_of(Table table, Json specification, Json rows) {
    make_visible(rows);
    specification["data"] = {{"values", std::move(rows)}};
    return {specification.dump(-1, ' ', false, Json::error_handler_t::replace), std::move(table)};
}

Json language_colour(const std::set<Language>& shown) { return channel(shown, &Look::colour); }
Json language_shape(const std::set<Language>& shown) { return channel(shown, &Look::shape); }

std::string language_title(Language language) { return std::string(info(language).title); }

Json time_axis(const std::string& title) {
    return {{"title", title}, {"format", ".3~s"}, {"labelExpr", "datum.label + 's'"}};
}

Json ticks_of_log(double low, double high) {
    const bool many = high / low > 300;
    Json ticks = Json::array();
    for (double power = std::pow(10, std::floor(std::log10(low))); power <= high; power *= 10)
        for (const double factor : {1.0, 2.0, 5.0})
            if (power * factor >= low && power * factor <= high && (factor == 1 || !many))
                ticks.push_back(power * factor);
    return ticks;
}

std::string link_to(const std::string& anchor) { return '#' + anchor; }

}  // namespace stele::plots
