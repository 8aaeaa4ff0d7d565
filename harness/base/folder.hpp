// A folder whose files belong together: all of one generation, or the one before.
#pragma once

#include <filesystem>

namespace stele {

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

}  // namespace stele
