#include "harness/exchange/exporters.hpp"

#include <array>

#include "harness/exchange/bencher.hpp"
#include "harness/exchange/csv.hpp"
#include "harness/exchange/github_action.hpp"
#include "harness/exchange/google_benchmark.hpp"
#include "harness/exchange/junit.hpp"
#include "harness/exchange/nvbench.hpp"
#include "harness/exchange/otava.hpp"

namespace stele {

std::span<const Exporter> all_exporters() {
    static const std::array exporters{
        Exporter{.name = "google-benchmark",
                 .title = "Google Benchmark's JSON, for its compare.py",
                 .of_one = google_benchmark_json},
        Exporter{.name = "github-action",
                 .title = "customSmallerIsBetter of github-action-benchmark",
                 .of_one = github_action_json},
        Exporter{.name = "bencher", .title = "Bencher's metric format (BMF)", .of_one = bencher_json},
        Exporter{.name = "otava",
                 .title = "a folder of CSV files with Apache Otava's configuration, the reports as a history",
                 .folder = otava_folder},
        Exporter{.name = "nvbench", .title = "NVBench's JSON, for its nvbench-compare", .of_one = nvbench_json},
        Exporter{
            .name = "junit", .title = "JUnit's XML: what failed, and what was skipped and why", .of_all = junit_xml},
        Exporter{.name = "csv", .title = "a row a cell, for spreadsheets and data frames", .of_all = csv_text},
    };
    return exporters;
}

}  // namespace stele
