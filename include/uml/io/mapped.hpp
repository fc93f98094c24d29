// A file's bytes where the system keeps them: read when they are first touched, and shared by all processes that map
// the file. For prepared weights. POSIX alone.
#pragma once

#include "uml/io/file.hpp"

#include <sys/mman.h>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// A file mapped for reading, from a multiple of 64 on. Move only; must outlive what looks at its bytes.
///
/// What is written to the file shows in the bytes, and a file that becomes shorter takes its end away: whoever reads
/// there is ended by the system (SIGBUS), which no check before can rule out. So never write to a file that is in use:
/// write another one and rename it; who has mapped the old one keeps it. `unchanged` finds what went wrong so far.
class mapped_file {
public:
    mapped_file(mapped_file&& other) noexcept
        : file_(std::exchange(other.file_, {-1, {}})), bytes_(std::exchange(other.bytes_, {})) {}
    mapped_file& operator=(mapped_file&& other) noexcept {
        std::swap(file_, other.file_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~mapped_file() {
        if (bytes_.data() != nullptr) ::munmap(bytes_.data(), bytes_.size());
        if (file_.descriptor >= 0) ::close(file_.descriptor);
    }

    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
    /// Whether the file has the length and the time of its last change that it had when it was mapped.
    [[nodiscard]] bool unchanged() const { return file_.unchanged(); }

private:
    explicit mapped_file(const file_detail::opened& file) : file_(file) {}
    friend result<mapped_file> map_file(const char* path);

    file_detail::opened file_;
    std::span<std::byte> bytes_{};
};

/// Maps a regular file. Errors: errc::cannot_read, invalid_argument.
[[nodiscard]] inline result<mapped_file> map_file(const char* path) {
    if (path == nullptr) return fail(errc::invalid_argument, "map: no path");
    const auto file = file_detail::open_regular(path);
    if (!file) return file.error();
    mapped_file m(*file);
    const auto size = static_cast<std::uint64_t>(file->then.st_size);
    if (size == 0 || size > static_cast<std::size_t>(-1) / 2)
        return fail(errc::cannot_read, {shortened(path).view(), ": ", size, " bytes cannot be mapped"});
    void* const first = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED, file->descriptor, 0);
    if (first == MAP_FAILED) return fail(errc::cannot_read, {shortened(path).view(), ": cannot be mapped"});
    m.bytes_ = {static_cast<std::byte*>(first), static_cast<std::size_t>(size)};
    return result<mapped_file>(std::move(m));
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
