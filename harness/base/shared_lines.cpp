#include "harness/base/shared_lines.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace stele {
namespace {

std::runtime_error failed(std::string_view what) {
    return std::runtime_error(fmt::format("cannot {} memory that two processes have: {}", what, std::strerror(errno)));
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1);
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    return lines;
}

}  // namespace

struct SharedLines::Page {
    /// Told after the bytes before it are there.
    std::atomic<std::size_t> used;
    char text[capacity];
};

SharedLines::SharedLines() : file_(::memfd_create("stele-lines", MFD_CLOEXEC)) {
    if (!file_.open() || ::ftruncate(file_.get(), sizeof(Page)) != 0) throw failed("make");
    map();
}

SharedLines::SharedLines(Descriptor file) : file_(std::move(file)) {
    struct stat found{};
    if (!file_.open() || ::fstat(file_.get(), &found) != 0 || found.st_size != sizeof(Page)) throw failed("share");
    map();
}

void SharedLines::map() {
    static_assert(std::atomic<std::size_t>::is_always_lock_free);
    void* memory = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
    if (memory == MAP_FAILED) throw failed("map");
    page_ = static_cast<Page*>(memory);
}

SharedLines::~SharedLines() { ::munmap(page_, sizeof(Page)); }

bool SharedLines::append(std::string_view line) {
    const std::size_t used = size();
    if (line.size() + 1 > capacity - used) return false;
    std::memcpy(page_->text + used, line.data(), line.size());
    page_->text[used + line.size()] = '\n';
    page_->used.store(used + line.size() + 1, std::memory_order_release);
    return true;
}

std::size_t SharedLines::size() const { return std::min(page_->used.load(std::memory_order_acquire), capacity); }

std::vector<std::string> SharedLines::since(std::size_t from) const {
    const std::size_t used = size();
    return from < used ? split(std::string(page_->text + from, used - from)) : std::vector<std::string>{};
}

std::vector<std::string> SharedLines::last(std::size_t count) const {
    const std::string_view text(page_->text, size());
    std::size_t from = text.size();
    for (; count > 0 && from > 0; --count) {
        const std::size_t before = from > 1 ? text.rfind('\n', from - 2) : text.npos;
        from = before == text.npos ? 0 : before + 1;
    }
    return since(from);
}

}  // namespace stele
