#include "evaluate/dataset.hpp"

#include "support/csv.hpp"
#include "support/files.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace evaluate {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t most_table_bytes = std::uintmax_t{64} << 20;

fs::path find_image(const fs::path& folder, const std::string& id) {
    for (const char* ending : {".png", ".jpg", ".jpeg"}) {
        fs::path file = folder / "images" / (id + ending);
        std::error_code ignored;
        if (fs::is_regular_file(file, ignored)) return file;
    }
    return {};
}

// The folder that holds labels.csv.
uml::result<fs::path> find_folder(const fs::path& folder, std::string_view split) {
    const std::string name = support::to_utf8(folder);
    std::error_code ignored;
    if (!split.empty()) {
        const fs::path below = folder / split;
        if (fs::is_regular_file(below / "labels.csv", ignored)) return below;
        return uml::fail(uml::errc::cannot_read, name, ": no split ", split, " (", split,
                         "/labels.csv) in this folder");
    }
    if (fs::is_regular_file(folder / "labels.csv", ignored)) return folder;
    uml::error e = uml::fail(uml::errc::cannot_read, name, ": no labels.csv in this folder");
    for (const char* known : {"train", "val", "test"})
        if (fs::is_regular_file(folder / known / "labels.csv", ignored)) e.what << "; --split " << known << " is there";
    return e;
}

} // namespace

uml::result<std::vector<labelled_case>> read_dataset(const fs::path& given, std::string_view split, int classes) {
    const auto folder = find_folder(given, split);
    if (!folder) return folder.error();
    const fs::path table = *folder / "labels.csv";
    const auto bytes = support::read_file(table, most_table_bytes);
    if (!bytes) return bytes.error();
    const std::string name = support::to_utf8(table);
    const support::csv_records records =
        support::read_csv({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, true);
    if (records.rows.empty()) return uml::fail(uml::errc::malformed, name, ": empty");

    const std::vector<std::string>& head = records.rows.front();
    const auto column = [&](std::string_view wanted) {
        return static_cast<std::size_t>(std::find(head.begin(), head.end(), wanted) - head.begin());
    };
    const std::size_t id_column = column("id"), label_column = column("label");
    for (const std::string_view wanted : {"id", "label", "name"})
        if (column(wanted) == head.size())
            return uml::fail(uml::errc::malformed, name, ": no column ", wanted, " in the header");

    std::vector<labelled_case> cases;
    std::set<std::string> seen;
    for (std::size_t i = 1; i < records.rows.size(); ++i) {
        const std::vector<std::string>& row = records.rows[i];
        const auto wrong = [&](const auto&... parts) {
            return uml::fail(uml::errc::malformed, name, " row ", static_cast<std::uint64_t>(i), ": ", parts...);
        };
        if (row.size() <= std::max(id_column, label_column)) return wrong("too few fields");
        labelled_case c{row[id_column], -1, {}, {}};
        const std::string& label = row[label_column];
        const auto [end, failed] = std::from_chars(label.data(), label.data() + label.size(), c.label);
        if (failed != std::errc{} || end != label.data() + label.size() || c.label < 0 || c.label >= classes)
            return wrong("label '", label, "' is not a class of this network (0 to ", classes - 1, ")");
        if (!seen.insert(c.id).second) return wrong("id '", c.id, "' appears twice");
        c.image = find_image(*folder, c.id);
        if (c.image.empty()) return wrong("no images/", c.id, " with .png, .jpg or .jpeg");
        c.mask = *folder / "masks" / (c.id + ".png");
        std::error_code ignored;
        if (!fs::is_regular_file(c.mask, ignored)) return wrong("no masks/", c.id, ".png");
        cases.push_back(std::move(c));
    }
    if (cases.empty()) return uml::fail(uml::errc::malformed, name, ": no cases");
    return cases;
}

uml::result<support::picture> read_mask(const fs::path& file, int regions) {
    const auto read = support::read_picture(file);
    if (!read) return read.error();
    support::picture mask = support::to_grey(*read);
    const int most = *std::max_element(mask.data.begin(), mask.data.end());
    if (regions == 2 && most > 1)
        for (std::uint8_t& value : mask.data) value = value > 127 ? 1 : 0;
    else if (most >= regions)
        return uml::fail(uml::errc::malformed, support::to_utf8(file), ": value ", most,
                         " is no region of this network (0 to ", regions - 1, ")");
    return mask;
}

} // namespace evaluate
