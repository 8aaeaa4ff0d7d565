// Programs that are run: what they said, and who ended them.
#include "harness/base/process.hpp"
#include "harness/base/folder.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <fstream>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "tests/support/variable.hpp"

namespace stele::process_test {
namespace {

ProcessResult shell(const std::string& script) { return run_process({"/bin/sh", "-c", script}); }

TEST(Process, KeepsWhatWasPrintedAndHowItEnded) {
    const ProcessResult done = shell("echo out; echo err >&2; exit 3");
    EXPECT_EQ(done.status, 3);
    EXPECT_EQ(done.output, "out\n");
    EXPECT_EQ(done.errors, "err\n");
    EXPECT_EQ(shell("true").status, 0);
    EXPECT_EQ(run_process({"/bin/echo", "a b", "$HOME"}).output, "a b $HOME\n") << "no shell between";
    EXPECT_EQ(shell("kill -ABRT $$").status, 128 + 6);
    EXPECT_THROW(run_process({"/no/such/program"}), Failed);
}

TEST(Process, OneThatASignalOfPeopleEndedIsAnInterruption) {
    // A job in the background of a script, or one under nohup, ignores some of them, and so would its children.
    for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) std::signal(number, SIG_DFL);
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

TEST(Process, ProgramsAreFoundOnThePath) {
    const auto found = find_program("sh");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->filename(), "sh");
    EXPECT_TRUE(found->is_absolute());
    EXPECT_FALSE(find_program("no-program-is-called-this"));
}

TEST(Process, OnlyWhatCanRunIsAProgram) {
    const TemporaryFolder folder;
    const std::filesystem::path first = folder.path() / "first", second = folder.path() / "second";
    write_atomically(first / "text", "");
    std::filesystem::create_directories(first / "place");
    for (const char* name : {"text", "place", "both"}) {
        write_atomically(second / name, "");
        std::filesystem::permissions(second / name, std::filesystem::perms::owner_all);
    }
    const test::Variable path("PATH", first.string() + ":" + second.string());
    EXPECT_EQ(find_program("text"), second / "text") << "the first cannot be run";
    EXPECT_EQ(find_program("place"), second / "place") << "the first is a folder";
    write_atomically(first / "both", "");
    std::filesystem::permissions(first / "both", std::filesystem::perms::owner_all);
    EXPECT_EQ(find_program("both"), first / "both");
    EXPECT_EQ(find_program("none"), std::nullopt);
}

TEST(Process, AnOldErrorIsNoError) {
    // What a call left in errno says nothing of the next that succeeds.
    errno = EINTR;
    EXPECT_EQ(shell("exit 4").status, 4);
}

TEST(Process, AKeptTemporaryFolderStays) {
    std::filesystem::path path;
    {
        TemporaryFolder folder;
        path = folder.path();
        folder.keep();
    }
    EXPECT_TRUE(std::filesystem::exists(path));
    std::filesystem::remove_all(path);
}

TEST(Process, ATemporaryFolderGoesWithItsOwner) {
    std::filesystem::path path;
    {
        const TemporaryFolder folder;
        path = folder.path();
        write_atomically(path / "file", "text");
        EXPECT_EQ(read_input(path / "file"), "text");
        const TemporaryFolder other;
        EXPECT_NE(other.path(), path);
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Process, ATemporaryFolderIsTheSystemsWhereTheVariableNamesNone) {
    const TemporaryFolder folder;
    const std::string file = folder.path() / "file";
    std::ofstream(file) << "no folder";
    const test::Variable place("TMPDIR", file);
    EXPECT_TRUE(TemporaryFolder().path().string().starts_with("/tmp/"));
}

}  // namespace
}  // namespace stele::process_test
