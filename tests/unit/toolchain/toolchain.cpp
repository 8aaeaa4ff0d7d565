// Compilers are found where they are said to be, asked for their version, and given what they need; by programs of the
// test's own that stand in for them.
#include "harness/toolchain/toolchain.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/toolchain/build_paths.hpp"
#include "harness/toolchain/opencl_ptx.hpp"
#include "tests/support/variable.hpp"

namespace stele::toolchain_test {
namespace {

namespace fs = std::filesystem;
using test::Variable;

class ToolchainTest : public testing::Test {
protected:
    /// A program in a folder of that name.
    fs::path put(const fs::path& below, const std::string& script) const {
        const fs::path path = folder.path() / below;
        write_atomically(path, "#!/bin/sh\n" + script);
        fs::permissions(path, fs::perms::owner_all);
        return path;
    }
    static std::string missing(const std::string& name) {
        try {
            Toolchain toolchain;
            return "found: " + toolchain.tool(name);
        } catch (const MissingTool& error) {
            return error.what();
        }
    }
    std::string version(const std::string& printed) const {
        put("bin/prints", "printf '" + printed + "'\n");
        Toolchain toolchain;
        return toolchain.version_of("prints");
    }

    const TemporaryFolder folder;
    const Variable path{"PATH", (folder.path() / "bin").string()};
    const Variable cudacxx{"CUDACXX", ""};
};

TEST_F(ToolchainTest, AToolIsTheFirstOnThePathAndStaysIt) {
    const fs::path tool = put("bin/some-tool", "");
    Toolchain toolchain;
    EXPECT_EQ(toolchain.tool("some-tool"), tool);
    fs::remove(tool);
    EXPECT_EQ(toolchain.tool("some-tool"), tool) << "it was looked for once";
    EXPECT_EQ(missing("some-tool"), "some-tool is not on this machine; install it");
}

TEST_F(ToolchainTest, AMissingOneComesWithAdvice) {
    EXPECT_EQ(missing("clang-19"), "clang-19 is not on this machine; apt-get install clang-19");
    const Variable nowhere("STELE_LIBCLC", "/nowhere");
    EXPECT_EQ(missing("libclc"),
              "libclc is not on this machine; it comes with Debian's libclc-19; `./dev build` unpacks it, or set "
              "STELE_LIBCLC to its nvptx64--nvidiacl.bc");
    if (fs::exists(fs::path(build::source_folder) / ".deps/tiles")) GTEST_SKIP() << "CUDA Tile's compiler is here";
    put("bin/tile-nvcc", "");
    EXPECT_EQ(missing("tile-nvcc"),
              "tile-nvcc is not on this machine; the compiler of CUDA Tile C++; `./dev tiles` fetches it")
        << "wherever another of that name is";
}

TEST_F(ToolchainTest, NvccIsWhatTheVariableNamesAndOthersAreBesideIt) {
    const fs::path compiler = put("cuda/bin/nvcc", ""), beside = put("cuda/bin/some-tool", "");
    const Variable named("CUDACXX", compiler.string());
    put("bin/nvcc", "");
    Toolchain toolchain;
    EXPECT_EQ(toolchain.tool("nvcc"), compiler);
    EXPECT_EQ(toolchain.tool("some-tool"), beside);
    const fs::path on_path = put("bin/some-tool", "");
    EXPECT_EQ(Toolchain().tool("some-tool"), on_path) << "the path's comes first";
}

TEST_F(ToolchainTest, NvccIsThePathsWhereTheVariableNamesNone) {
    if (*build::nvcc && fs::exists(build::nvcc)) GTEST_SKIP() << "this build's compiler comes before the path's";
    const fs::path on_path = put("bin/nvcc", "");
    EXPECT_EQ(Toolchain().tool("nvcc"), on_path);
    const Variable gone("CUDACXX", (folder.path() / "gone").string());
    EXPECT_EQ(Toolchain().tool("nvcc"), on_path);
}

TEST_F(ToolchainTest, LibclcIsTheFileThatTheVariableNames) {
    const fs::path file = put("some.bc", "");
    const Variable named("STELE_LIBCLC", file.string());
    EXPECT_EQ(Toolchain().tool("libclc"), file);
}

TEST_F(ToolchainTest, AVersionIsTheFirstNumberWithTwoDots) {
    EXPECT_EQ(version("nvcc: NVIDIA\\nCuda compilation tools, release 13.0, V13.0.88\\nBuild cuda_13.0.r13.0/1"),
              "13.0.88");
    EXPECT_EQ(version("Debian clang version 19.1.7 (3+b1)\\n"), "19.1.7");
    EXPECT_EQ(version("1 2.3 4.5.6.7 8.9.10 11.12.13"), "8.9.10");
    EXPECT_EQ(version("ends with 10.20.30"), "10.20.30");
    EXPECT_EQ(version("0.9.8"), "0.9.8");
    EXPECT_EQ(version("release 13"), "unknown");
    EXPECT_EQ(version(""), "unknown");
    put("bin/prints", "printf 1.2.3");
    Toolchain toolchain;
    EXPECT_EQ(toolchain.version_of("prints"), "1.2.3");
    put("bin/prints", "printf 4.5.6");
    EXPECT_EQ(toolchain.version_of("prints"), "1.2.3") << "it was asked once";
    EXPECT_THROW(toolchain.version_of("no-such-tool"), MissingTool);
}

/// A clang that writes its arguments and what it was to compile as comments before an empty kernel.
class OpenclToolsTest : public ToolchainTest {
protected:
    OpenclToolsTest() { put_clang("19.1.7"); }
    void put_clang(const std::string& its_version, const std::string& first = "") const {
        put("bin/clang-19", "if [ \"$1\" = --version ]; then echo \"clang version " + its_version + "\"; exit; fi\n" +
                                first +
                                R"sh(out=
before=
for word in "$@"; do
    if [ "$before" = -o ]; then out=$word; fi
    before=$word
done
{
    echo "// arguments $*"
    while IFS= read -r line; do echo "// $line"; done < "$before"
    echo ".visible .entry twice("
    echo ")"
    echo "{"
    echo "}"
} > "$out"
)sh");
    }
    static KernelSource source() {
        KernelSource out;
        out.file = "test.cl";
        out.entry = "twice";
        out.text = "kernel void twice() {}\n";
        out.options = {"-DONE=1", "-cl-fast", "-DTWO"};
        return out;
    }
    std::string made(const std::string& architecture, const KernelSource& from = source()) const {
        Toolchain toolchain;
        return opencl_to_ptx(from, 96, architecture, toolchain, cache);
    }

    const Variable libclc{"STELE_LIBCLC", put("libclc.bc", "").string()};
    const ContentCache cache{folder.path() / "cache"};
};

TEST_F(OpenclToolsTest, ClangIsGivenTextOptionsAndTarget) {
    const std::string ptx = made("sm_90a");
    EXPECT_TRUE(ptx.starts_with("// clang 19.1.7 and libclc\n// arguments -target nvptx64-nvidia-nvcl ")) << ptx;
    EXPECT_NE(ptx.find(" -Xclang -mlink-builtin-bitcode -Xclang " + (folder.path() / "libclc.bc").string() +
                       " -Xclang -target-cpu -Xclang sm_90 -ffp-contract=fast -DONE=1 -DTWO -S -o /"),
              std::string::npos)
        << ptx;
    EXPECT_NE(ptx.find("/kernel.ptx /"), std::string::npos);
    EXPECT_NE(ptx.find("/kernel.cl\n"), std::string::npos);
    EXPECT_NE(ptx.find("// #define native_recip(x) __nvvm_rcp_approx_ftz_f(x)\n"), std::string::npos);
    EXPECT_TRUE(ptx.ends_with("// kernel void twice() {}\n.visible .entry twice(\n)\n.maxntid 96, 1, 1\n{\n}\n"))
        << ptx;
}

TEST_F(OpenclToolsTest, OlderGpusAreTheirOwnTargetAndTheOthersOne) {
    for (const std::string own : {"sm_80", "sm_86", "sm_89", "sm_90"})
        EXPECT_NE(made(own).find(" -target-cpu -Xclang " + own + " "), std::string::npos) << own;
    for (const char* later : {"sm_90a", "sm_100a", "sm_120"})
        EXPECT_NE(made(later).find(" -target-cpu -Xclang sm_90 "), std::string::npos) << later;
}

TEST_F(OpenclToolsTest, IsCompiledOnceForEachThingThatMatters) {
    const std::string count = "echo x >> " + (folder.path() / "count").string() + "\n";
    const auto compiled = [&] { return read_input(folder.path() / "count").size() / 2; };
    put_clang("19.1.7", count);
    const std::string first = made("sm_90");
    EXPECT_EQ(made("sm_90a"), first) << "for the same target";
    EXPECT_EQ(compiled(), 1u);
    made("sm_80");
    EXPECT_EQ(compiled(), 2u);
    KernelSource other = source();
    other.options.pop_back();
    made("sm_90", other);
    EXPECT_EQ(compiled(), 3u);
    other = source();
    other.text += "\n";
    made("sm_90", other);
    EXPECT_EQ(compiled(), 4u);
    EXPECT_EQ(made("sm_90"), first);
    EXPECT_EQ(compiled(), 4u);
    put_clang("19.1.8", count);
    EXPECT_TRUE(made("sm_90").starts_with("// clang 19.1.8 and libclc\n")) << "another compiler's is not taken";
    EXPECT_EQ(compiled(), 5u);
    fs::remove(folder.path() / "bin/clang-19");
    EXPECT_TRUE(made("sm_90").starts_with("// clang 19.1.8 and libclc\n")) << "where there is none, what there is";
}

TEST_F(OpenclToolsTest, WhatDoesNotCompileSaysWhy) {
    for (const std::string code : {"1", "2"}) {
        put_clang("19.1.7", "echo said; echo wrong >&2; exit " + code + "\n");
        try {
            made("sm_89");
            FAIL() << code;
        } catch (const BadInput& error) {
            const std::string what = error.what();
            EXPECT_TRUE(what.starts_with("kernels/test.cl does not compile by clang for sm_89\n" +
                                         (folder.path() / "bin/clang-19").string() + " -target "))
                << what;
            EXPECT_TRUE(what.ends_with("/kernel.cl\nsaid\nwrong\n")) << what;
        }
    }
}

TEST(BlockSize, StandsBetweenParametersAndBody) {
    EXPECT_EQ(with_block_size(".entry a()\n{}", "a", 32), ".entry a()\n.maxntid 32, 1, 1\n{}");
    EXPECT_EQ(with_block_size(".entry a(){}", "a", 32), ".entry a()\n.maxntid 32, 1, 1{}");
    EXPECT_EQ(with_block_size(".entry ab(){} .entry a(){}", "a", 32), ".entry ab(){} .entry a()\n.maxntid 32, 1, 1{}")
        << "names are whole";
    for (const std::string own : {".entry a() .maxntid 64, 1, 1 {}", ".entry a() .reqntid 64, 1, 1 {}"})
        EXPECT_EQ(with_block_size(own, "a", 32), own);
    EXPECT_EQ(with_block_size(".entry a(){ // .maxntid\n}", "a", 32), ".entry a()\n.maxntid 32, 1, 1{ // .maxntid\n}")
        << "what stands in the body states nothing";
    const auto refusal = [](const std::string& ptx) -> std::string {
        try {
            return with_block_size(ptx, "a", 32);
        } catch (const Failed& error) {
            return error.what();
        }
    };
    EXPECT_EQ(refusal(".entry b(){}"), "the PTX text has no kernel a");
    for (const char* cut : {".entry a(", ".entry a({", ".entry a()", ".entry a({)"})
        EXPECT_EQ(refusal(cut), "the PTX text of kernel a cannot be read") << cut;
}

}  // namespace
}  // namespace stele::toolchain_test
