#include "harness/explain/control_flow.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dominator_tree.hpp>
#include <map>
#include <set>

namespace stele::explain {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS>;
using Vertex = boost::graph_traits<Graph>::vertex_descriptor;

bool ends_block(const Instruction& instruction) { return instruction.target || instruction.leaves; }

struct Blocks {
    std::vector<std::size_t> start;  ///< first instruction of each block, and the end as a last entry
    Graph graph;

    std::size_t of(std::size_t instruction) const {
        return std::upper_bound(start.begin(), start.end() - 1, instruction) - start.begin() - 1;
    }
};

Blocks make_blocks(const std::vector<Instruction>& code) {
    std::set<std::size_t> leaders{0};
    for (std::size_t i = 0; i < code.size(); ++i) {
        if (code[i].target) leaders.insert(*code[i].target);
        if (ends_block(code[i]) && i + 1 < code.size()) leaders.insert(i + 1);
    }
    Blocks blocks;
    blocks.start.assign(leaders.begin(), leaders.end());
    blocks.start.push_back(code.size());
    blocks.graph = Graph(blocks.start.size() - 1);
    for (std::size_t block = 0; block + 1 < blocks.start.size(); ++block) {
        const Instruction& last = code[blocks.start[block + 1] - 1];
        if (last.target) add_edge(block, blocks.of(*last.target), blocks.graph);
        if ((!ends_block(last) || last.conditional) && block + 2 < blocks.start.size())
            add_edge(block, block + 1, blocks.graph);
    }
    return blocks;
}

/// Blocks of the loop whose back edge is tail → header.
void collect(const Graph& graph, Vertex header, Vertex tail, std::set<Vertex>& members) {
    members.insert(header);
    std::vector<Vertex> open{tail};
    while (!open.empty()) {
        const Vertex block = open.back();
        open.pop_back();
        if (!members.insert(block).second) continue;
        for (auto [edge, end] = in_edges(block, graph); edge != end; ++edge) open.push_back(source(*edge, graph));
    }
}

}  // namespace

std::vector<Loop> find_loops(const SassFunction& function) {
    const auto& code = function.instructions;
    if (code.empty()) return {};
    const Blocks blocks = make_blocks(code);
    const std::size_t count = num_vertices(blocks.graph);

    std::vector<Vertex> immediate(count, Graph::null_vertex());
    boost::lengauer_tarjan_dominator_tree(
        blocks.graph, Vertex{0},
        boost::make_iterator_property_map(immediate.begin(), get(boost::vertex_index, blocks.graph)));
    const auto dominates = [&](Vertex above, Vertex below) {
        for (; below != Graph::null_vertex(); below = immediate[below])
            if (below == above) return true;
        return false;
    };

    std::map<Vertex, std::set<Vertex>> members;
    std::map<Vertex, std::vector<Vertex>> tails;
    for (auto [edge, end] = edges(blocks.graph); edge != end; ++edge) {
        const Vertex tail = source(*edge, blocks.graph), header = target(*edge, blocks.graph);
        const bool reachable = tail == 0 || immediate[tail] != Graph::null_vertex();
        if (!reachable || !dominates(header, tail)) continue;
        collect(blocks.graph, header, tail, members[header]);
        tails[header].push_back(tail);
    }

    std::vector<Loop> loops;
    for (const auto& [header, inside] : members) {
        Loop& loop = loops.emplace_back();
        loop.header = blocks.start[header];
        for (Vertex block : inside) {
            const bool is_passed =
                std::ranges::all_of(tails[header], [&](Vertex tail) { return dominates(block, tail); });
            for (std::size_t i = blocks.start[block]; i < blocks.start[block + 1]; ++i) {
                loop.instructions.push_back(i);
                if (is_passed) loop.always.push_back(i);
            }
        }
        std::ranges::sort(loop.instructions);
        std::ranges::sort(loop.always);
        loop.innermost = std::none_of(members.begin(), members.end(), [&](const auto& other) {
            return other.first != header && inside.contains(other.first);
        });
    }
    return loops;
}

}  // namespace stele::explain
