#include "support/files.hpp"

#include "support/descriptor.hpp"
#include "support/raster.hpp"
#include "support/sha256.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace support {
namespace fs = std::filesystem;
namespace {

// Opens without waiting for the other end of a pipe.
uml::result<descriptor> open_regular(const fs::path& file, std::uintmax_t& size) {
    const std::string name = shown(file);
    descriptor d(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!d && errno == ENOENT) return uml::fail(uml::errc::cannot_read, {name, ": there is no such file"});
    if (!d) return uml::fail(uml::errc::cannot_read, {name, ": cannot be opened: ", system_reason()});
    struct stat s {};
    if (::fstat(d.get(), &s) != 0 || !S_ISREG(s.st_mode))
        return uml::fail(uml::errc::cannot_read, {name, ": not a file"});
    size = static_cast<std::uintmax_t>(s.st_size);
    return d;
}

bool is_picture(const fs::path& file) {
    const std::string ending = lower(file.extension().string());
    return ending == ".png" || ending == ".jpg" || ending == ".jpeg" ||
           (reads_tiff() && (ending == ".tif" || ending == ".tiff"));
}

} // namespace

uml::result<std::vector<std::uint8_t>> read_file(const fs::path& file, std::uintmax_t most) {
    std::uintmax_t size = 0;
    const auto d = open_regular(file, size);
    if (!d) return d.error();
    if (size > most)
        return uml::fail(uml::errc::unsupported,
                         {shown(file), ": has ", static_cast<std::uint64_t>(size), " bytes; more than ",
                          static_cast<std::uint64_t>(most), " are not read"});
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size) + 1);
    std::size_t got = 0;
    while (got < bytes.size()) {
        const ssize_t n = ::read(d->get(), bytes.data() + got, bytes.size() - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return uml::fail(uml::errc::cannot_read, {shown(file), ": cannot be read: ", system_reason()});
        if (n == 0) break;
        got += static_cast<std::size_t>(n);
    }
    if (got != size) return uml::fail(uml::errc::cannot_read, {shown(file), ": changed while it was read"});
    bytes.pop_back();
    return bytes;
}

uml::result<std::string> hash_file(const fs::path& file) {
    std::uintmax_t size = 0;
    const auto d = open_regular(file, size);
    if (!d) return d.error();
    sha256 hash;
    std::vector<std::uint8_t> bytes(std::size_t{1} << 16);
    for (;;) {
        const ssize_t n = ::read(d->get(), bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return uml::fail(uml::errc::cannot_read, {shown(file), ": cannot be read: ", system_reason()});
        if (n == 0) return hash.hex();
        hash.add(std::span(bytes).first(static_cast<std::size_t>(n)));
    }
}

uml::result<std::vector<fs::path>> entries_of(const fs::path& folder) {
    const auto close = [](DIR* d) { (void)::closedir(d); };
    const std::unique_ptr<DIR, decltype(close)> open(::opendir(folder.c_str()), close);
    std::vector<fs::path> found;
    for (errno = open ? 0 : errno; open;) {
        const dirent* const entry = ::readdir(open.get());
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") found.push_back(folder / name);
        errno = 0;
    }
    if (errno != 0)
        return uml::fail(uml::errc::cannot_read, {shown(folder), ": the folder cannot be read: ", system_reason()});
    std::sort(found.begin(), found.end());
    return found;
}

uml::result<std::vector<fs::path>> pictures_in(const fs::path& folder, bool recursive, const fs::path& not_into) {
    std::vector<fs::path> found, folders{folder};
    std::error_code failed; // an entry that has gone meanwhile is nothing
    while (!folders.empty()) {
        const auto entries = entries_of(folders.back());
        if (!entries) return entries.error();
        folders.pop_back();
        for (const fs::path& entry : *entries) {
            const fs::file_type type = fs::symlink_status(entry, failed).type();
            // A link that leads nowhere, or a pipe, is a picture that cannot be read, and not passed over.
            if (is_picture(entry) && type != fs::file_type::not_found && !fs::is_directory(entry, failed))
                found.push_back(entry);
            if (recursive && type == fs::file_type::directory &&
                (not_into.empty() || !fs::equivalent(entry, not_into, failed)))
                folders.push_back(entry);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

fs::path full_path(const fs::path& p) {
    std::error_code failed;
    const fs::path whole = fs::absolute(p, failed); // what is not there yet stays as it is without a folder in front
    if (failed) return p;
    fs::path full = fs::weakly_canonical(whole, failed);
    return failed ? p : full;
}

std::string system_reason() { return std::strerror(errno); }

} // namespace support
