// Another program, run and listened to.
#include "harness/base/process.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "harness/base/file.hpp"

namespace stele::explain {
namespace {

TEST(Process, KeepsWhatWasPrintedAndHowItEnded) {
    const ProcessResult done = run_process({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"});
    EXPECT_EQ(done.status, 3);
    EXPECT_EQ(done.output, "out\n");
    EXPECT_EQ(done.errors, "err\n");
    EXPECT_EQ(run_process({"/bin/sh", "-c", "true"}).status, 0);
    EXPECT_EQ(run_process({"/bin/echo", "a b", "$HOME"}).output, "a b $HOME\n") << "no shell between";
    EXPECT_EQ(run_process({"/bin/sh", "-c", "kill -ABRT $$"}).status, 128 + 6);
    EXPECT_THROW(run_process({"/no/such/program"}), std::runtime_error);
}

TEST(Process, ProgramsAreFoundOnThePath) {
    const auto shell = find_program("sh");
    ASSERT_TRUE(shell);
    EXPECT_EQ(shell->filename(), "sh");
    EXPECT_TRUE(shell->is_absolute());
    EXPECT_FALSE(find_program("no-program-is-called-this"));
}

TEST(Process, ATemporaryFolderGoesWithItsOwner) {
    std::filesystem::path path;
    {
        const TemporaryFolder folder;
        path = folder.path();
        write_atomically(path / "file", "text");
        EXPECT_EQ(read_file(path / "file"), "text");
        const TemporaryFolder other;
        EXPECT_NE(other.path(), path);
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace stele::explain
