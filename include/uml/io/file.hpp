// Weights from a file. A header of its own: programs without files do without it.
#pragma once

#include "uml/io/safetensors.hpp"

#include <cstdint>
#include <span>
#include <utility>

#if defined(__unix__) || defined(__APPLE__)
    #include <cerrno>
    #include <fcntl.h>
    #include <new>
    #include <sys/stat.h>
    #include <unistd.h>
#else
    #include <cstdio>
#endif

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

#if defined(__unix__) || defined(__APPLE__)

namespace file_detail {

/// Why opening failed, in words that depend on no locale.
[[nodiscard, gnu::cold]] inline const char* reason_of(int code) {
    switch (code) {
    case ENOENT: return ": there is no such file";
    case EACCES:
    case EPERM: return ": it may not be read";
    case ENOTDIR: return ": a folder of its path is none";
    case ELOOP: return ": too many symbolic links";
    case ENAMETOOLONG: return ": its name is too long";
    case EMFILE:
    case ENFILE: return ": too many files are open";
    case ENXIO: return ": not a regular file"; // a socket
    default: return "";
    }
}

/// An open file and what it was when it was opened.
struct opened {
    int descriptor;
    struct stat then;

    /// Whether it has the same length and was not written to since. By its content's time: a file that another one
    /// replaces under its name is not changed.
    [[nodiscard]] bool unchanged() const {
        struct stat now;
        if (fstat(descriptor, &now) != 0 || now.st_size != then.st_size) return false;
    #if defined(__APPLE__)
        return now.st_mtimespec.tv_sec == then.st_mtimespec.tv_sec &&
               now.st_mtimespec.tv_nsec == then.st_mtimespec.tv_nsec;
    #else
        return now.st_mtim.tv_sec == then.st_mtim.tv_sec && now.st_mtim.tv_nsec == then.st_mtim.tv_nsec;
    #endif
    }

    [[nodiscard]] bool read(std::uint64_t offset, std::span<std::byte> out) const {
        while (!out.empty()) {
            constexpr std::size_t most = 1u << 30; // some systems read no more at a time than an int holds
            const ssize_t got =
                pread(descriptor, out.data(), out.size() < most ? out.size() : most, static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return false;
            out = out.subspan(static_cast<std::size_t>(got));
            offset += static_cast<std::uint64_t>(got);
        }
        return unchanged();
    }
};

/// Opens a regular file for reading; what else there may be is refused without waiting for it. The caller closes it.
[[nodiscard, gnu::cold]] inline result<opened> open_regular(const char* path) {
    // Without O_NONBLOCK a fifo would wait for somebody to write.
    opened file{::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), {}};
    if (file.descriptor < 0)
        return fail(errc::cannot_read, {shortened(path).view(), ": cannot be opened", reason_of(errno)});
    if (fstat(file.descriptor, &file.then) == 0 && S_ISREG(file.then.st_mode)) return file;
    ::close(file.descriptor);
    return fail(errc::cannot_read, {shortened(path).view(), ": not a regular file"});
}

} // namespace file_detail

/// Opens a safetensors file, reads and checks its header only; tensors are read when asked for. The file stays open,
/// and must not change while it is, by its length and the time of its last change: what is read afterwards is refused.
/// Errors: errc::cannot_read, malformed, unsupported, out_of_memory, invalid_argument; each names the file, the tensor
/// and the rule.
[[nodiscard, gnu::cold]] inline result<weights_file> open_weights(const char* path) {
    if (path == nullptr) return fail(errc::invalid_argument, "weights: no path");
    const auto regular = file_detail::open_regular(path);
    if (!regular) return regular.error();
    auto* const file = new (std::nothrow) file_detail::opened(*regular);
    if (file == nullptr) {
        ::close(regular->descriptor);
        return fail(errc::out_of_memory, {shortened(path).view(), ": no memory to open it"});
    }
    byte_source source(
        file, static_cast<std::uint64_t>(file->then.st_size),
        [](void* handle, std::uint64_t offset, std::span<std::byte> out) {
            return static_cast<const file_detail::opened*>(handle)->read(offset, out);
        },
        [](void* handle) {
            auto* const own = static_cast<file_detail::opened*>(handle);
            ::close(own->descriptor);
            delete own;
        });
    return weights_file::open(std::move(source), path);
}

#else

/// Opens a safetensors file, reads and checks its header only; tensors are read when asked for. The file stays open.
/// Errors: errc::cannot_read, malformed, unsupported, out_of_memory, invalid_argument; each names the file, the tensor
/// and the rule.
[[nodiscard, gnu::cold]] inline result<weights_file> open_weights(const char* path) {
    if (path == nullptr) return fail(errc::invalid_argument, "weights: no path");
    std::FILE* const file = std::fopen(path, "rb");
    if (file == nullptr) return fail(errc::cannot_read, {shortened(path).view(), ": cannot be opened"});
    const bool seekable = std::fseek(file, 0, SEEK_END) == 0;
    const long size = seekable ? std::ftell(file) : -1;
    byte_source source(
        file, size < 0 ? 0 : static_cast<std::uint64_t>(size),
        [](void* handle, std::uint64_t offset, std::span<std::byte> out) {
            const auto f = static_cast<std::FILE*>(handle);
    #if defined(_WIN32)
            _lock_file(f); // no other thread between finding the place and reading there
    #endif
            const bool read = std::fseek(f, static_cast<long>(offset), SEEK_SET) == 0 &&
                              std::fread(out.data(), 1, out.size(), f) == out.size();
    #if defined(_WIN32)
            _unlock_file(f);
    #endif
            return read;
        },
        [](void* handle) { std::fclose(static_cast<std::FILE*>(handle)); });
    if (size < 0) return fail(errc::cannot_read, {shortened(path).view(), ": not a file of known size"});
    return weights_file::open(std::move(source), path);
}

#endif

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
