// From source to figures, with tools that only say what the test wants: what is run, kept, refused and told.
#include "harness/explain/compiler.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/explain/figures.hpp"
#include "tests/support/variable.hpp"

namespace stele::explain::compiler_test {
namespace {

namespace fs = std::filesystem;

class WithTools : public testing::Test {
protected:
    WithTools() {
        fs::create_directories(root / "kernels/gemm");
        fs::create_directories(root / "backends");
        std::ofstream(root / "kernels/gemm/a.cu") << "a";
        std::ofstream(root / "kernels/gemm/b.cu") << "b";
        std::ofstream(root / "kernels/gemm/bad.cu") << "bad";
        std::ofstream(root / "kernels/common.cuh") << "header";
        // Both compilers: what they are given goes into the cubin, and what they are asked into a list.
        const std::string compiles =
            "for word; do last=$word; case $out in -o) out=$word;; esac; [ \"$word\" = -o ] && out=-o; done\n"
            "echo \"$*\" >> '" +
            list() +
            "'\ngrep -q bad \"$last\" && { echo 'line 1: bad'; exit 2; }\n"
            "cp \"$last\" \"$out\"\n"
            "echo \"ptxas info : Function properties for f\" >&2\n"
            "echo \"    8 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads\" >&2\n"
            "echo \"ptxas info : Used 30 registers, used 1 barriers, 256 bytes smem\" >&2\n";
        tool("nvcc", compiles);
        tool("ptxas", compiles);
        tool("nvdisasm",
             "grep -q unread \"$2\" && { echo 'cannot' >&2; exit 1; }\n"
             "echo '[{}, [{\"function-name\": \"f\", \"sass-instructions\": [{\"opcode\": \"EXIT\"}]}]]'\n");
    }
    std::string list() const { return (folder.path() / "asked").string(); }
    void tool(const std::string& name, const std::string& does) const {
        const fs::path path = folder.path() / name;
        std::ofstream(path) << "#!/bin/sh\n[ \"$1\" = --version ] && { echo 'release 13.0, V13.0.88'; exit 0; }\n"
                            << does;
        fs::permissions(path, fs::perms::owner_all);
    }
    std::size_t asked() const {
        if (!fs::exists(list())) return 0;
        const std::string text = read_input(list());
        return static_cast<std::size_t>(std::ranges::count(text, '\n'));
    }
    Compiler compiler() const { return Compiler(root, ContentCache(folder.path() / "cache")); }
    template <typename Work>
    std::string refusal(Work&& work) const {
        try {
            work();
        } catch (const std::runtime_error& why) {
            return why.what();
        }
        return "";
    }

    const TemporaryFolder folder;
    const fs::path root = folder.path() / "tree";
    const test::Variable nvcc{"CUDACXX", (folder.path() / "nvcc").string()},
        path{"PATH", folder.path().string() + ":/usr/bin:/bin"};
};

TEST_F(WithTools, AFileIsCompiledOnceAndKept) {
    Compiler first = compiler();
    const Compiled& a = first.cuda({"gemm/a.cu", "sm_90a"});
    ASSERT_TRUE(a.assembler.contains("f"));
    EXPECT_EQ(a.assembler.at("f").registers, 30);
    EXPECT_EQ(a.assembler.at("f").barriers, 1);
    EXPECT_EQ(a.assembler.at("f").spill_load_bytes, 16u);
    EXPECT_EQ(a.code.at("f").instructions.size(), 1u);
    EXPECT_EQ(asked(), 1u);
    EXPECT_NE(read_input(list()).find("-arch=sm_90a -cubin"), std::string::npos);
    EXPECT_EQ(&first.cuda({"gemm/a.cu", "sm_90a"}), &a) << "in this process";
    Compiler second = compiler();
    EXPECT_EQ(second.cuda({"gemm/a.cu", "sm_90a"}).assembler.at("f").registers, 30);
    EXPECT_EQ(second.cuda({"gemm/a.cu", "sm_90a"}).code.size(), 1u);
    EXPECT_EQ(asked(), 1u) << "in the cache";
    second.cuda({"gemm/a.cu", "sm_80"});
    EXPECT_EQ(asked(), 2u) << "another architecture";
    second.cuda({"gemm/b.cu", "sm_90a"});
    EXPECT_EQ(asked(), 3u) << "another text";
    std::ofstream(root / "kernels/common.cuh") << "other";
    compiler().cuda({"gemm/a.cu", "sm_90a"});
    EXPECT_EQ(asked(), 4u) << "another header";
    std::ofstream(root / "kernels/note.txt") << "no header";
    compiler().cuda({"gemm/a.cu", "sm_90a"});
    EXPECT_EQ(asked(), 4u);
}

TEST_F(WithTools, WhatDoesNotCompileIsToldWithItsWords) {
    Compiler tools = compiler();
    const std::string why = refusal([&] { tools.cuda({"gemm/bad.cu", "sm_80"}); });
    EXPECT_TRUE(why.starts_with("kernels/gemm/bad.cu for sm_80 does not compile\n")) << why;
    EXPECT_NE(why.find("line 1: bad"), std::string::npos) << why;
    EXPECT_NE(why.find("-o /"), std::string::npos) << "its place is filled in: " << why;
    std::ofstream(root / "kernels/gemm/a.cu") << "unread";
    EXPECT_EQ(refusal([&] { tools.cuda({"gemm/a.cu", "sm_80"}); }),
              "nvdisasm cannot read kernels/gemm/a.cu for sm_80: cannot\n");
    EXPECT_THROW(tools.cuda({"gemm/none.cu", "sm_80"}), BadInput);
}

TEST_F(WithTools, SeveralAreCompiledAheadAndTheirErrorsWait) {
    Compiler tools = compiler();
    tools.prepare({{"gemm/a.cu", "sm_90a"}, {"gemm/bad.cu", "sm_90a"}, {"gemm/b.cu", "sm_90a"}});
    EXPECT_EQ(asked(), 3u);
    EXPECT_EQ(tools.cuda({"gemm/a.cu", "sm_90a"}).code.size(), 1u);
    EXPECT_EQ(tools.cuda({"gemm/b.cu", "sm_90a"}).code.size(), 1u);
    EXPECT_THROW(tools.cuda({"gemm/bad.cu", "sm_90a"}), BadInput);
    EXPECT_EQ(asked(), 3u) << "nothing again";
    tools.prepare({});
}

TEST_F(WithTools, PtxIsAssembledAsItStands) {
    Compiler tools = compiler();
    EXPECT_EQ(tools.ptx("some text", "sm_80", "x").assembler.at("f").stack_bytes, 8u);
    const std::string command = read_input(list());
    EXPECT_TRUE(command.starts_with("-v -warn-spills -warn-lmem-usage -arch=sm_80 -o ")) << command;
    tools.ptx("some text", "sm_80", "y");
    EXPECT_EQ(asked(), 1u);
    tools.ptx("some text", "sm_90", "y");
    tools.ptx("other text", "sm_80", "y");
    EXPECT_EQ(asked(), 3u);
    EXPECT_TRUE(refusal([&] {
                    tools.ptx("bad text", "sm_80", "my words");
                }).starts_with("my words for sm_80 does not compile\n"));
}

TEST_F(WithTools, VersionsAreTheirOwnOrAbsent) {
    const auto versions = compiler().versions();
    EXPECT_EQ(versions.at("nvcc"), "13.0.88");
    EXPECT_EQ(versions.at("nvdisasm"), "13.0.88");
    EXPECT_EQ(versions.size(), 4u);
}

TEST_F(WithTools, ATreeHasKernelsAndBackends) {
    EXPECT_EQ(find_source_root(root.string()), fs::canonical(root));
    fs::remove(root / "backends");
    EXPECT_TRUE(refusal([&] {
                    find_source_root(root.string());
                }).starts_with("the kernels' sources are not in " + root.string()));
    EXPECT_NO_THROW(find_source_root(""));
}

TEST(AssemblerTexts, WarningsAreOfTheFunctionTheyNameElseOfTheOneBefore) {
    const auto found = parse_assembler_output(
        "Used 99 registers\n"
        "ptxas info : Function properties for f\n"
        "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
        "ptxas warning : Potential Performance Loss: wgmma.mma_async instructions are serialized (C7511)\n"
        "ptxas warning : something else\n"
        "ptxas info : local memory is only told\n"
        "ptxas warning : Local memory used for function 'g', local memory\n"
        "ptxas warning : spill in function 'h'\n"
        "ptxas info : Function properties for g\n"
        "    4 bytes stack frame\n"
        "ptxas info : Used 7 registers, 12 bytes smem\n");
    ASSERT_EQ(found.size(), 2u) << "figures before any name are nobody's, and h has none";
    EXPECT_EQ(found.at("f").warnings.size(), 1u);
    EXPECT_EQ(found.at("g").warnings.size(), 1u);
    EXPECT_EQ(found.at("g").stack_bytes, 4u);
    EXPECT_EQ(found.at("g").spill_store_bytes, 0u);
    EXPECT_EQ(found.at("g").registers, 7);
    EXPECT_EQ(found.at("g").barriers, 0);
    EXPECT_EQ(found.at("g").static_shared_bytes, 12u);
}

TEST(AssemblerTexts, OfTilesAreResourcesAndThreads) {
    const auto found = parse_resource_usage(
        "Resource usage:\n Function f:\n  REG:40 STACK:16 SHARED:1024 LOCAL:0\n Function g:\n  REG:24 STACK:0 "
        "SHARED:0\n"
        ".nv.info.f\n"
        "\t<0x1>\n\tAttribute:\tEIATTR_REQNTID\n\tFormat:\tEIFMT_SVAL\n\tValue:\t0x80 0x1 0x1\n"
        "\tAttribute:\tEIATTR_OTHER\n\tFormat:\tEIFMT_SVAL\n\tValue:\t0x7\n");
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found.at("f").registers, 40);
    EXPECT_EQ(found.at("f").stack_bytes, 16u);
    EXPECT_EQ(found.at("f").static_shared_bytes, 1024u);
    EXPECT_EQ(found.at("f").threads, 128);
    EXPECT_EQ(found.at("g").registers, 24);
    EXPECT_EQ(found.at("g").threads, 0);
}

TEST(AssemblerTexts, NamesInTheSourceEndAtTheirParameters) {
    EXPECT_EQ(name_in_source("f(int)"), "f");
    EXPECT_EQ(name_in_source("void a::f<(x)1, g<(y)2> >(int (*)(int))"), "a::f<(x)1, g<(y)2> >");
    EXPECT_EQ(name_in_source("std::pair<int, int> f<1>()"), "f<1>");
    EXPECT_EQ(name_in_source(""), "");
}

}  // namespace
}  // namespace stele::explain::compiler_test
