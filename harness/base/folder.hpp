// Folders that are made as a whole, and folders that go away.
#pragma once

#include <filesystem>

namespace stele {

/// A folder whose files belong together: all of one generation, or the one before.
/// Made beside its place, and renamed into it when all of it is written.
class FolderGeneration {
public:
    /// Throws CannotWrite: what stands at `place` is no folder or the current one, or nothing can be made beside it.
    explicit FolderGeneration(const std::filesystem::path& place);
    /// Removes what was not kept.
    ~FolderGeneration();
    FolderGeneration(const FolderGeneration&) = delete;
    FolderGeneration& operator=(const FolderGeneration&) = delete;

    /// Where to write.
    const std::filesystem::path& path() const { return path_; }
    /// Puts it into its place. A folder that stands there is removed with all that it holds; who calls has looked.
    /// Throws CannotWrite.
    void keep();

private:
    std::filesystem::path place_, path_;
};

/// A folder that goes away with its owner.
class TemporaryFolder {
public:
    /// Throws CannotWrite.
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace stele
