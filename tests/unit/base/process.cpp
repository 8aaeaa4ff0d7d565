// Programs that are run: what they said, and who ended them.
#include "harness/base/process.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "harness/base/error.hpp"
#include "tests/support/variable.hpp"

namespace stele::explain {
namespace {

ProcessResult shell(const std::string& script) { return run_process({"sh", "-c", script}); }

TEST(Process, TellsWhatAProgramSaidAndEndedWith) {
    const ProcessResult result = shell("echo out; echo err >&2; exit 3");
    EXPECT_EQ(result.status, 3);
    EXPECT_EQ(result.output, "out\n");
    EXPECT_EQ(result.errors, "err\n");
    EXPECT_THROW(run_process({"/nonexistent/program"}), Failed);
}

TEST(Process, OneThatASignalOfPeopleEndedIsAnInterruption) {
    for (const char* script :
         {"kill -INT $$", "kill -TERM $$", "kill -HUP $$", "kill -QUIT $$",
          // As a shell tells of a program that it ran, nvcc of its assembler, and clang of its linker.
          "exit 130", "exit 131", "echo \"nvcc error   : 'ptxas' died due to signal 2 \" >&2; exit 2",
          "echo \"nvcc error   : 'cicc' died due to signal 3\" >&2; exit 3", "echo 'nvcc: Terminated' >&2; exit 255",
          "echo 'clang: error: unable to execute command: Interrupt' >&2; exit 254"})
        EXPECT_THROW(shell(script), Interrupted) << script;
}

TEST(Process, OneThatFailsByItselfIsNone) {
    EXPECT_EQ(shell("kill -SEGV $$").status, 128 + 11);
    EXPECT_EQ(shell("echo \"'ptxas' died due to signal 11\" >&2; exit 11").status, 11);
    EXPECT_EQ(shell("echo 'kernel.cl:2: Interrupt is undeclared' >&2; exit 1").status, 1);
    EXPECT_EQ(shell("echo 'warning: Terminated' >&2").status, 0);
}

TEST(Process, ATemporaryFolderThatCannotBeMadeSaysWhere) {
    const TemporaryFolder folder;
    const std::string file = folder.path() / "file";
    std::ofstream{file};
    const test::Variable place("TMPDIR", file);
    // A file is no folder for temporary files; the system's own is taken then.
    EXPECT_TRUE(TemporaryFolder().path().string().starts_with("/tmp/"));
}

}  // namespace
}  // namespace stele::explain
