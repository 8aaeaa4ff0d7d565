// The cache of compiled texts: what is not what was written is not there, and nothing depends on the folder.
#include "harness/toolchain/content_cache.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "tests/support/variable.hpp"

namespace stele::content_cache_test {
namespace {
namespace fs = std::filesystem;

std::string bytes_of(const fs::path& path) { return read_input(path); }

TEST(ContentCache, GivesBackWhatItKept) {
    const TemporaryFolder folder;
    const ContentCache cache(folder.path() / "made when needed");
    EXPECT_FALSE(cache.find("a/text"));
    for (const std::string text : {"", "no line end", "two\nlines\n", "\n"}) {
        cache.keep("a/text", text);
        EXPECT_EQ(cache.find("a/text"), text);
    }
}

TEST(ContentCache, AnEntryThatWasCutOrChangedIsNotThere) {
    const TemporaryFolder folder;
    const ContentCache cache(folder.path());
    cache.keep("entry", "mov.u32 %r1, %r2;\nret;\n");
    const fs::path file = folder.path() / "entry";
    const std::string whole = bytes_of(file);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        std::ofstream(file, std::ios::trunc) << whole.substr(0, length);
        EXPECT_FALSE(cache.find("entry")) << length << " bytes of " << whole.size();
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string changed = whole;
        changed[at] ^= 1;
        std::ofstream(file, std::ios::trunc) << changed;
        EXPECT_FALSE(cache.find("entry")) << "byte " << at;
    }
    std::ofstream(file, std::ios::trunc) << whole + "\n";
    EXPECT_FALSE(cache.find("entry"));
    cache.keep("entry", "made again");
    EXPECT_EQ(cache.find("entry"), "made again");
}

TEST(ContentCache, AFolderThatCannotBeUsedKeepsNothing) {
    const TemporaryFolder folder;
    const fs::path file = folder.path() / "file";
    std::ofstream(file) << "no folder";
    ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
    fs::create_directory(folder.path() / "taken");
    for (const ContentCache& cache : {ContentCache(file), ContentCache(file / "below"), ContentCache("/proc/1/none"),
                                      ContentCache(fs::path()), ContentCache(fs::path("/dev/full"))}) {
        cache.keep("name", "text");
        EXPECT_FALSE(cache.find("name"));
    }
    // In the place of an entry stands something else.
    const ContentCache cache(folder.path());
    for (const char* name : {"pipe", "taken"}) {
        EXPECT_FALSE(cache.find(name)) << name;
        cache.keep(name, "text");
        EXPECT_FALSE(cache.find(name)) << name;
    }
    EXPECT_EQ(bytes_of(file), "no folder");
}

TEST(ContentCache, ADigestIsTheFirst96BitsOfSha1) {
    // RFC 3174, 7.3.
    EXPECT_EQ(digest_of("abc"), "a9993e364706816aba3e2571");
    EXPECT_EQ(digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), "84983e441c3bd26ebaae4aa1");
    EXPECT_EQ(digest_of(""), "da39a3ee5e6b4b0d3255bfef");
}

TEST(ContentCache, TheUsersIsWhereTheVariablesSay) {
    const TemporaryFolder folder;
    const test::Variable home("HOME", folder.path().string());
    {
        const test::Variable caches("XDG_CACHE_HOME", (folder.path() / "caches").string());
        ContentCache::of_user().keep("text", "here");
        EXPECT_TRUE(fs::exists(folder.path() / "caches/stele/explain/text"));
    }
    for (const char* relative : {"", "caches"}) {
        const test::Variable caches("XDG_CACHE_HOME", relative);
        ContentCache::of_user().keep(std::string("of ") + relative, "there");
        EXPECT_TRUE(fs::exists(folder.path() / ".cache/stele/explain" / (std::string("of ") + relative)));
    }
    const test::Variable caches("XDG_CACHE_HOME", ""), nowhere("HOME", "");
    ContentCache::of_user().keep("text", "nowhere");
    EXPECT_FALSE(ContentCache::of_user().find("text"));
}

}  // namespace
}  // namespace stele::content_cache_test
