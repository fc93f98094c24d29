#include "support/files.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <system_error>

namespace support {
namespace fs = std::filesystem;
namespace {

struct closer {
    void operator()(std::FILE* f) const { std::fclose(f); }
};
using handle = std::unique_ptr<std::FILE, closer>;

handle open(const fs::path& file, const char* mode) { return handle(std::fopen(file.string().c_str(), mode)); }

std::string lower(std::string s) {
    for (char& c : s)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return s;
}

} // namespace

uml::result<std::vector<std::uint8_t>> read_file(const fs::path& file, std::uintmax_t most) {
    const std::string name = to_utf8(file);
    std::error_code ignored;
    const fs::file_status status = fs::status(file, ignored);
    if (!fs::exists(status)) return uml::fail(uml::errc::cannot_read, name, ": there is no such file");
    if (!fs::is_regular_file(status)) return uml::fail(uml::errc::cannot_read, name, ": not a file");
    const std::uintmax_t size = fs::file_size(file, ignored);
    if (ignored) return uml::fail(uml::errc::cannot_read, name, ": cannot be read");
    if (size > most)
        return uml::fail(uml::errc::unsupported, name, ": has ", static_cast<std::uint64_t>(size), " bytes; more than ",
                         static_cast<std::uint64_t>(most), " are not read");
    const handle f = open(file, "rb");
    if (!f) return uml::fail(uml::errc::cannot_read, name, ": cannot be opened");
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
    const std::size_t got = bytes.empty() ? 0 : std::fread(bytes.data(), 1, bytes.size(), f.get());
    if (got != bytes.size()) return uml::fail(uml::errc::cannot_read, name, ": cannot be read to its end");
    return bytes;
}

uml::result<void> write_file(const fs::path& file, std::span<const std::uint8_t> bytes) {
    fs::path part = file;
    part += ".part";
    const auto give_up = [&] {
        std::error_code ignored;
        fs::remove(part, ignored);
        return uml::fail(uml::errc::invalid_argument, to_utf8(file), ": cannot be written");
    };
    handle f = open(part, "wb");
    if (!f) return uml::fail(uml::errc::invalid_argument, to_utf8(file), ": cannot be written");
    const bool written = bytes.empty() || std::fwrite(bytes.data(), 1, bytes.size(), f.get()) == bytes.size();
    if (std::fclose(f.release()) != 0 || !written) return give_up();
    std::error_code failed;
    fs::rename(part, file, failed);
    if (failed) return give_up();
    return {};
}

uml::result<void> write_file(const fs::path& file, std::string_view text) {
    return write_file(file, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

uml::result<std::vector<fs::path>> pictures_in(const fs::path& folder) {
    std::error_code failed;
    std::vector<fs::path> found;
    for (fs::directory_iterator i(folder, failed), end; !failed && i != end; i.increment(failed)) {
        const std::string ending = lower(i->path().extension().string());
        std::error_code ignored;
        if ((ending == ".png" || ending == ".jpg" || ending == ".jpeg") && i->is_regular_file(ignored))
            found.push_back(i->path());
    }
    if (failed) return uml::fail(uml::errc::cannot_read, to_utf8(folder), ": the folder cannot be read");
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<std::string> unique_stems(const std::vector<fs::path>& files) {
    std::set<std::string> taken;
    std::vector<std::string> names;
    names.reserve(files.size());
    for (const fs::path& file : files) {
        const std::string stem = to_utf8(file.stem());
        std::string name = stem;
        for (int n = 2; !taken.insert(lower(name)).second; ++n) name = stem + "-" + std::to_string(n);
        names.push_back(name);
    }
    return names;
}

std::string to_utf8(const fs::path& p) {
    const std::u8string s = p.u8string();
    return {s.begin(), s.end()};
}

} // namespace support
