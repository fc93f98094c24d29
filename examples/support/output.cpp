#include "support/output.hpp"

#include "support/files.hpp"
#include "support/stop.hpp"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <map>
#include <random>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>

namespace support {
namespace fs = std::filesystem;
namespace {

using identity = std::pair<dev_t, ino_t>;

struct kept_file {
    fs::path file;
    std::string_view because;
};

std::map<identity, kept_file>& kept_files() {
    static std::map<identity, kept_file> all;
    return all;
}

identity identity_of(const struct stat& s) { return {s.st_dev, s.st_ino}; }

// The number of a file that is gone may have gone to another one: what counts is what the kept one's name leads to now.
std::string_view kept_because(const struct stat& file) {
    const auto found = kept_files().find(identity_of(file));
    struct stat s {};
    const bool kept = found != kept_files().end() && ::stat(found->second.file.c_str(), &s) == 0 &&
                      identity_of(s) == identity_of(file);
    return kept ? found->second.because : std::string_view();
}

uml::error refuse(const fs::path& file, std::string_view why) {
    return uml::fail(uml::errc::invalid_argument, {shown(file), ": ", why, ", so nothing is written there"});
}

// Where a result goes: a regular file (that may not exist yet), or a stream.
struct place {
    fs::path file;
    bool stream = false, pipe = false;
    int number = -1; // of what was open when the program began
};

fs::path folder_of(const fs::path& file) { return file.parent_path().empty() ? fs::path(".") : file.parent_path(); }

// The number in the name of an open file, /dev/fd/NUMBER or what leads there; -1 for any other name.
int number_in(const fs::path& file) {
    const std::string name = file.filename().native();
    int n = -1;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), n);
    const bool number = failed == std::errc{} && end == name.data() + name.size();
    return number && full_path(folder_of(file)) == full_path("/dev/fd") ? n : -1;
}

// A file that was open when the program began; those that it opens itself are closed on execution.
uml::result<place> find_open(int number, const fs::path& file) {
    const int flags = ::fcntl(number, F_GETFD);
    struct stat s {};
    if (flags < 0 || (flags & FD_CLOEXEC) != 0 || ::fstat(number, &s) != 0) return refuse(file, "not an open file");
    if ((::fcntl(number, F_GETFL) & O_ACCMODE) == O_RDONLY) return refuse(file, "open for reading alone");
    if (const auto because = kept_because(s); !because.empty()) return refuse(file, because);
    return place{.file = file, .stream = true, .number = number};
}

uml::result<place> find_place(const fs::path& file) {
    if (file == "-")
        return refuse(file, "standard output holds the report (/dev/stdout adds to it, ./- is a file of this name)");
    if (const int number = number_in(file); number >= 0) return find_open(number, file);
    struct stat s {};
    if (::lstat(file.c_str(), &s) != 0) {
        if (errno == ENOENT) return place{.file = file};
        return cannot_write(file);
    }
    place p{.file = file};
    struct stat named {};
    for (const int number : {STDOUT_FILENO, STDERR_FILENO}) {
        struct stat mine {};
        if ((::fcntl(number, F_GETFL) & O_ACCMODE) == O_RDONLY) continue; // nobody prints there
        // /dev/stdout, or the file that it is sent to: putting another in its place would lose what is printed.
        if (::stat(file.c_str(), &named) == 0 && ::fstat(number, &mine) == 0 && identity_of(named) == identity_of(mine))
            p.stream = true, p.number = number;
    }
    if (p.stream) return p;
    if (S_ISLNK(s.st_mode)) {
        if (s.st_uid != ::geteuid() && s.st_uid != 0) return refuse(file, "a symbolic link of another user");
        if (::stat(file.c_str(), &s) != 0) return refuse(file, "a symbolic link that leads nowhere");
        if (S_ISREG(s.st_mode)) {
            if (s.st_uid != ::geteuid()) return refuse(file, "a symbolic link to a file of another user");
            p.file = full_path(file);
        }
    }
    if (S_ISDIR(s.st_mode)) return refuse(file, "a folder");
    p.stream = S_ISCHR(s.st_mode) || S_ISFIFO(s.st_mode), p.pipe = S_ISFIFO(s.st_mode);
    if (!p.stream && !S_ISREG(s.st_mode)) return refuse(file, "neither a file nor a character device nor a pipe");
    if (const auto because = kept_because(s); !because.empty()) return refuse(file, because);
    return p;
}

struct temporary {
    fs::path file;
    descriptor open;
};

constexpr std::string_view temporary_begin = ".uml-", temporary_end = ".part";

// Temporary files that a program which was killed has left in a folder: nobody holds their locks.
void remove_leftovers(const fs::path& folder) {
    const auto entries = entries_of(folder);
    if (!entries) return; // nothing of ours then, or nothing that can be done
    for (const fs::path& entry : *entries) {
        const std::string name = entry.filename().native();
        if (!name.starts_with(temporary_begin) || !name.ends_with(temporary_end)) continue;
        const descriptor d(::open(entry.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (d && ::flock(d.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(entry.c_str());
    }
}

// A file that did not exist, locked so that it is not taken for one that was left behind.
uml::result<temporary> make_temporary(const fs::path& beside) {
    static std::set<fs::path> cleaned;
    if (cleaned.insert(folder_of(beside)).second) remove_leftovers(folder_of(beside));
    std::random_device chance;
    for (int tries = 0; tries < 16; ++tries) {
        char digits[24];
        std::snprintf(digits, sizeof digits, "%08x%08x", chance(), chance());
        const fs::path name = std::string(temporary_begin) + digits + std::string(temporary_end);
        temporary t{beside.parent_path() / name, {}};
        t.open = descriptor(::open(t.file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
        if (!t.open && errno == EEXIST) continue;
        if (!t.open) break;
        // Another program may have taken it for one that was left behind, between opening and locking.
        struct stat s {};
        if (::flock(t.open.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) continue;
        if (::fstat(t.open.get(), &s) == 0 && s.st_nlink == 0) continue;
        return t;
    }
    return cannot_write(beside);
}

descriptor open_stream(const place& p) {
    constexpr int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY;
    if (p.number >= 0) {
        (void)std::fflush(p.number == STDOUT_FILENO ? stdout : stderr);
        return descriptor(::dup(p.number));
    }
    if (!p.pipe) return descriptor(::open(p.file.c_str(), flags));
    // A pipe is waited for until somebody reads it or the program is to end.
    for (;;) {
        descriptor d(::open(p.file.c_str(), flags | O_NONBLOCK));
        if (d && ::fcntl(d.get(), F_SETFL, 0) == 0) return d;
        if (errno != ENXIO) return {};
        if (stop_signal() != 0) return errno = EINTR, descriptor();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

// A file that takes another's place is for the same people, and only where this one may be written to.
bool keep_permissions(const fs::path& file, const descriptor& fresh) {
    struct stat old {
    }, now{};
    if (::stat(file.c_str(), &old) != 0) return errno == ENOENT;
    if (::faccessat(AT_FDCWD, file.c_str(), W_OK, AT_EACCESS) != 0 || ::fstat(fresh.get(), &now) != 0) return false;
    mode_t mode = old.st_mode & 0777u;
    // Where its group cannot be kept, the new one gets nothing that was meant for the former.
    if (old.st_gid != now.st_gid && ::fchown(fresh.get(), static_cast<uid_t>(-1), old.st_gid) != 0) mode &= 0707u;
    return mode == (now.st_mode & 0777u) || ::fchmod(fresh.get(), mode) == 0;
}

// The name on the disk as well. Some file systems cannot do that for a folder; the file itself is safe by then.
void sync_folder(const fs::path& file) {
    const descriptor d(::open(folder_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (d) (void)::fsync(d.get());
}

// Writes the temporary file and gives it its name; the open file stays open.
uml::result<descriptor> put_in_place(const fs::path& file, std::string_view text) {
    auto t = make_temporary(file);
    if (!t) return t.error();
    if (keep_permissions(file, t->open) && write_all(t->open, text) && ::fsync(t->open.get()) == 0 &&
        ::rename(t->file.c_str(), file.c_str()) == 0) {
        sync_folder(file);
        return std::move(t->open);
    }
    const uml::error e = cannot_write(file);
    ::unlink(t->file.c_str());
    return e;
}

} // namespace

uml::error cannot_write(const fs::path& file) {
    const std::string why = system_reason();
    return uml::fail(uml::errc::invalid_argument, {shown(file), ": cannot be written: ", why});
}

uml::result<void> check_named(const descriptor& open, const fs::path& file) {
    struct stat mine {
    }, named{};
    if (::fstat(open.get(), &mine) != 0 || ::lstat(file.c_str(), &named) != 0) return cannot_write(file);
    if (identity_of(mine) == identity_of(named)) return {};
    return refuse(file, "another file has taken its place meanwhile");
}

bool write_all(const descriptor& open, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(open.get(), text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) errno = ENOSPC;
        if (n <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

uml::result<std::string> read_from(const descriptor& open, std::uint64_t from, const fs::path& name) {
    std::string text;
    std::string piece(std::size_t{1} << 16, '\0');
    for (;;) {
        const ssize_t n = ::pread(open.get(), piece.data(), piece.size(), static_cast<off_t>(from + text.size()));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return uml::fail(uml::errc::cannot_read, {shown(name), ": cannot be read: ", system_reason()});
        if (n == 0) return text;
        text.append(piece, 0, static_cast<std::size_t>(n));
    }
}

void never_overwrite(const fs::path& file, std::string_view because) {
    struct stat s {};
    if (::stat(file.c_str(), &s) == 0) kept_files()[identity_of(s)] = {full_path(file), because};
}

std::string_view kept_because(const fs::path& file) {
    struct stat s {};
    return ::stat(file.c_str(), &s) == 0 ? kept_because(s) : std::string_view();
}

bool comes_among_what_is_printed(const fs::path& file) {
    struct stat named {
    }, printed{}, nothing{};
    if (::stat(file.c_str(), &named) != 0 || ::fstat(STDOUT_FILENO, &printed) != 0) return false;
    const bool thrown_away = ::stat("/dev/null", &nothing) == 0 && identity_of(nothing) == identity_of(named);
    return identity_of(named) == identity_of(printed) && !thrown_away;
}

uml::result<void> check_outputs(std::span<const fs::path> files) {
    std::set<fs::path> seen;
    for (const fs::path& file : files) {
        const auto p = find_place(file);
        if (!p) return p.error();
        if (p->stream) continue;
        if (!seen.insert(full_path(p->file)).second) return refuse(file, "another result goes there");
        struct stat s {};
        const bool there = ::stat(p->file.c_str(), &s) == 0;
        if (::faccessat(AT_FDCWD, folder_of(p->file).c_str(), W_OK | X_OK, AT_EACCESS) != 0 ||
            (there && ::faccessat(AT_FDCWD, p->file.c_str(), W_OK, AT_EACCESS) != 0))
            return cannot_write(file);
    }
    return {};
}

uml::result<void> write_file(const fs::path& file, std::string_view text) {
    const auto p = find_place(file);
    if (!p) return p.error();
    if (!p->stream) {
        auto written = put_in_place(p->file, text);
        if (!written) return written.error();
        return written->close() ? uml::result<void>() : cannot_write(file);
    }
    descriptor d = open_stream(*p);
    if (!d || !write_all(d, text) || !d.close()) return cannot_write(file);
    return {};
}

uml::result<void> write_file(const fs::path& file, std::span<const std::uint8_t> bytes) {
    return write_file(file, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

uml::result<line_file> line_file::open(const fs::path& file) {
    const auto p = find_place(file);
    if (!p) return p.error();
    line_file f;
    f.file_ = p->file;
    f.stream_ = p->stream;
    if (f.stream_) {
        f.open_ = open_stream(*p);
        return f.open_ ? uml::result<line_file>(std::move(f)) : cannot_write(file);
    }
    for (int tries = 0; tries < 100; ++tries) {
        f.open_ = descriptor(::open(p->file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666));
        if (!f.open_) return cannot_write(file);
        if (::flock(f.open_.get(), LOCK_EX | LOCK_NB) != 0)
            return errno == EWOULDBLOCK ? refuse(file, "another program is writing it") : cannot_write(file);
        struct stat mine {};
        // Another program may have put a new file in its place between opening and locking.
        if (::fstat(f.open_.get(), &mine) == 0 && S_ISREG(mine.st_mode) && check_named(f.open_, p->file)) return f;
    }
    return refuse(file, "another program keeps replacing it");
}

uml::result<std::string> line_file::content() const { return read_from(open_, 0, file_); }

uml::result<void> line_file::replace(std::string_view text) {
    if (stream_) return append(text);
    auto fresh = put_in_place(file_, text);
    if (!fresh) return fresh.error();
    open_ = *std::move(fresh);
    return {};
}

uml::result<void> line_file::append(std::string_view text) {
    if (stream_) return write_all(open_, text) ? uml::result<void>() : cannot_write(file_);
    if (const auto named = check_named(open_, file_); !named) return named;
    const off_t end = ::lseek(open_.get(), 0, SEEK_END);
    if (end >= 0 && write_all(open_, text)) return {};
    const uml::error e = cannot_write(file_);
    if (end >= 0 && ::ftruncate(open_.get(), end) != 0)
        return uml::fail(e.code, {e.what.view(), "; its last line may be cut"});
    return e;
}

uml::result<void> line_file::finish() {
    if (!stream_ && ::fsync(open_.get()) != 0) return cannot_write(file_);
    if (const auto named = stream_ ? uml::result<void>() : check_named(open_, file_); !named) return named;
    return open_.close() ? uml::result<void>() : cannot_write(file_);
}

} // namespace support
