#include "support/manifest.hpp"

#include "support/files.hpp"
#include "support/output.hpp"
#include "support/stop.hpp"
#include "uml/io/json_value.hpp"
#include "uml/io/json_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>

namespace support {
namespace {

// Paths and names hold any byte but 0; JSON holds text. A byte that is not ASCII or not printable is written as %XX.
std::string packed(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string s;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7f && c != '%')
            s += c;
        else
            s += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return s;
}

std::string unpacked(std::string_view text) {
    const auto digit = [](char c) { return c >= 'A' ? c - 'A' + 10 : c - '0'; };
    std::string s;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            s += static_cast<char>(digit(text[i + 1]) << 4 | (digit(text[i + 2]) & 15));
            i += 2;
        } else {
            s += text[i];
        }
    }
    return s;
}

std::string text_of(const uml::json::value& object, std::string_view key) {
    constexpr std::size_t longest = 3 * 4096; // a path, every byte of it packed
    const auto found = object.find(key);
    const auto text = found ? found->string<longest>() : std::nullopt;
    return text ? std::string(text->view()) : std::string();
}

// Of a claim, of results; each also for one source alone.
std::string claim_key(const manifest_record& r, bool exact) {
    return r.picture + r.stem + '\0' + (exact ? r.source : std::string());
}
std::string result_key(const manifest_record& r, bool exact) {
    return r.weights + r.options + '\0' + claim_key(r, exact);
}
std::string key_of(const std::string& output, const std::string& hash) { return hash + output; }

// Gives the lock of an open file back.
class turn {
public:
    explicit turn(const descriptor& d) : number_(d.get()) {}
    ~turn() { (void)::flock(number_, LOCK_UN); }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

private:
    int number_;
};

// Whether a name of results is made of its picture's, as `manifest::claim` does: a list that somebody has edited leads
// to no other places.
bool derived(std::string_view name, std::string_view stem) {
    if (!name.starts_with(stem)) return false;
    name.remove_prefix(stem.size());
    if (name.empty()) return true;
    const std::string_view digits = name.substr(1);
    return name[0] == '-' &&
           std::find(suffix_lengths.begin(), suffix_lengths.end(), digits.size()) != suffix_lengths.end() &&
           digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// How every line of the list begins.
constexpr std::string_view line_begin = R"({"picture":")";

} // namespace

uml::result<manifest> manifest::open(const std::filesystem::path& file, std::chrono::milliseconds wait) {
    constexpr std::string_view list = "the list of results";
    if (const auto because = kept_because(file); !because.empty() && because != list)
        return uml::fail(uml::errc::invalid_argument, {shown(file), ": ", because, ", so nothing is written there"});
    manifest m;
    m.file_ = file, m.wait_ = wait;
    m.open_ = descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666));
    if (!m.open_) return cannot_write(file);
    struct stat s {};
    if (::fstat(m.open_.get(), &s) != 0 || !S_ISREG(s.st_mode))
        return uml::fail(uml::errc::invalid_argument,
                         {shown(file), ": not a file, so it cannot be the list of results"});
    never_overwrite(file, list);
    if (const auto r = m.wait_for_lock(); !r) return r.error();
    const turn mine(m.open_);
    if (const auto r = m.catch_up(); !r) return r.error();
    return m;
}

uml::result<void> manifest::wait_for_lock() const {
    const auto refuse = [this](std::string_view why) {
        return uml::fail(uml::errc::invalid_argument, {shown(file_), ": cannot be locked: ", why});
    };
    constexpr std::chrono::milliseconds pause{5};
    for (auto waited = std::chrono::milliseconds(0); ::flock(open_.get(), LOCK_EX | LOCK_NB) != 0; waited += pause) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return refuse(system_reason());
        if (stop_signal() != 0) return refuse("stopped while another program has the lock");
        if (waited >= wait_) return refuse("another program has the lock and does not give it back");
        std::this_thread::sleep_for(pause);
    }
    return {};
}

uml::result<void> manifest::catch_up() {
    const auto text = read_from(open_, read_, file_);
    if (!text) return text.error();
    std::string_view rest = *text;
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        take(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    read_ += text->size() - rest.size();
    if (rest.empty()) return {};
    if (!rest.starts_with(line_begin.substr(0, rest.size())))
        return uml::fail(
            uml::errc::invalid_argument,
            {shown(file_), ": its last line is none of this program's, so it cannot be the list of results"});
    if (::ftruncate(open_.get(), static_cast<off_t>(read_)) != 0) return cannot_write(file_);
    return {};
}

void manifest::take(std::string_view line) {
    const auto value = uml::json::parse(line, "manifest");
    if (!value || value->type() != uml::json::kind::object) return;
    manifest_record r;
    r.picture = text_of(*value, "picture");
    r.source = unpacked(text_of(*value, "source"));
    r.stem = unpacked(text_of(*value, "stem"));
    r.name = unpacked(text_of(*value, "name"));
    if (r.picture.size() != 64 || r.name.empty()) return;
    if (!derived(r.name, r.stem)) return;
    owners_[lower(r.name)] = {r.picture, r.source};
    for (const bool exact : {false, true}) by_claim_[claim_key(r, exact)] = r.name;
    const auto outputs = value->find("outputs"), options = value->find("options");
    if (!outputs || outputs->type() != uml::json::kind::object || !options) return;
    r.weights = text_of(*value, "weights");
    r.options = options->source();
    r.verdict = text_of(*value, "verdict");
    for (const auto [key, item] : outputs->members()) {
        const auto name = key.string<3 * 4096>();
        const auto hash = item.string<64>();
        if (name && hash) r.outputs[unpacked(name->view())] = hash->view();
    }
    for (const bool exact : {false, true}) by_picture_[result_key(r, exact)] = records_.size();
    for (const auto& [output, hash] : r.outputs) by_output_[key_of(output, hash)] = records_.size();
    records_.push_back(std::move(r));
}

uml::result<void> manifest::append(std::string_view line) {
    if (const auto named = check_named(open_, file_); !named) return named;
    const off_t end = ::lseek(open_.get(), 0, SEEK_END);
    if (end < 0 || !write_all(open_, line) || ::fsync(open_.get()) != 0) {
        const uml::error e = cannot_write(file_);
        (void)!::ftruncate(open_.get(), end); // a line that is cut counts for nothing anyway
        return e;
    }
    return {};
}

uml::result<std::string> manifest::choose(const manifest_record& wanted, bool clash,
                                          const std::vector<std::string>& names, const std::vector<bool>& taken) {
    if (const auto r = wait_for_lock(); !r) return r.error();
    const turn mine(open_);
    if (const auto r = catch_up(); !r) return r.error();
    if (const auto had = by_claim_.find(claim_key(wanted, clash)); had != by_claim_.end()) {
        const auto o = owners_.find(lower(had->second));
        if (o != owners_.end() && o->second.picture == wanted.picture) return had->second;
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto found = owners_.find(lower(names[i]));
        if (found == owners_.end() ? taken[i] : found->second.source != wanted.source) continue;
        std::string line;
        uml::json::writer<std::string> w(line);
        w.begin_object().member("picture", wanted.picture).member("source", packed(wanted.source));
        w.member("stem", packed(wanted.stem)).member("name", packed(names[i])).end_object();
        if (const auto r = append(line + '\n'); !r) return r.error();
        if (const auto r = catch_up(); !r) return r.error();
        return names[i];
    }
    return uml::fail(uml::errc::invalid_argument,
                     {shown(file_), ": no name is left for the results of ", shown(wanted.source)});
}

const manifest_record* manifest::find(const manifest_record& like, bool clash) const {
    const auto found = by_picture_.find(result_key(like, clash));
    return found == by_picture_.end() ? nullptr : &records_[found->second];
}

const manifest_record* manifest::find_output(const std::string& output, const std::string& hash) const {
    const auto found = by_output_.find(key_of(output, hash));
    return found == by_output_.end() ? nullptr : &records_[found->second];
}

uml::result<void> manifest::add(const manifest_record& r) {
    std::string line;
    uml::json::writer<std::string> w(line);
    w.begin_object().member("picture", r.picture).member("source", packed(r.source)).member("stem", packed(r.stem));
    w.member("name", packed(r.name)).member("weights", r.weights).member("verdict", r.verdict);
    w.key("outputs").begin_object();
    for (const auto& [output, hash] : r.outputs) w.member(packed(output), hash);
    w.end_object();
    line += ",\"options\":" + r.options + "}\n";
    if (const auto locked = wait_for_lock(); !locked) return locked;
    const turn mine(open_);
    if (const auto caught = catch_up(); !caught) return caught;
    if (const auto added = append(line); !added) return added;
    return catch_up();
}

} // namespace support
