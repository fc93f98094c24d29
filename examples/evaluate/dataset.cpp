#include "evaluate/dataset.hpp"

#include "support/csv.hpp"
#include "support/files.hpp"
#include "support/meaning.hpp"
#include "support/output.hpp"
#include "support/raster.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace evaluate {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t most_table_bytes = std::uintmax_t{64} << 20;

using files_by_name = std::multimap<std::string, fs::path>;

// The files of a folder by their names without endings, which may be written in any case; none where there is no
// folder.
uml::result<files_by_name> files_by_id(const fs::path& folder, std::initializer_list<std::string_view> endings) {
    files_by_name files;
    std::error_code ignored;
    if (!fs::exists(folder, ignored)) return files;
    const auto entries = support::entries_of(folder);
    if (!entries) return entries.error();
    for (const fs::path& entry : *entries) {
        const std::string ending = support::lower(entry.extension().native());
        if (std::find(endings.begin(), endings.end(), ending) != endings.end() && fs::is_regular_file(entry, ignored))
            files.emplace(entry.stem().native(), entry);
    }
    return files;
}

uml::result<files_by_name> images_in(const fs::path& folder) {
    return files_by_id(folder / "images", {".png", ".jpg", ".jpeg", ".tif", ".tiff"});
}

// The folder that holds labels.csv.
uml::result<fs::path> find_folder(const fs::path& folder, std::string_view split) {
    const std::string name = support::shown(folder);
    std::error_code ignored;
    if (!split.empty()) {
        const fs::path below = folder / split;
        if (fs::is_regular_file(below / "labels.csv", ignored)) return below;
        return uml::fail(uml::errc::cannot_read,
                         {name, ": no split ", split, " (", split, "/labels.csv) in this folder"});
    }
    if (fs::is_regular_file(folder / "labels.csv", ignored)) return folder;
    uml::error e = uml::fail(uml::errc::cannot_read, {name, ": no labels.csv in this folder"});
    for (const char* known : {"train", "val", "test"})
        if (fs::is_regular_file(folder / known / "labels.csv", ignored)) e.what << "; --split " << known << " is there";
    return e;
}

// Which class a row names, by its number and its name; both must say the same.
uml::result<int> class_of(const std::string& label, const std::string& name, const std::vector<std::string>& classes) {
    const auto wrong = [](const auto&... parts) { return uml::fail(uml::errc::malformed, {parts...}); };
    const int count = static_cast<int>(classes.size());
    const bool digits = !label.empty() && label.size() <= 6 && label.find_first_not_of("0123456789") == label.npos;
    int number = -1;
    if (digits) (void)std::from_chars(label.data(), label.data() + label.size(), number);
    if (number < 0 || number >= count)
        return wrong("label '", support::printable(label), "' is not a class of this network (0 to ", count - 1, ")");
    bool named = false; // weights without names get "class 0" and so on
    for (int k = 0; k < count; ++k)
        named = named || classes[static_cast<std::size_t>(k)] != "class " + std::to_string(k);
    const std::string& wanted = classes[static_cast<std::size_t>(number)];
    if (!named || name.empty() || support::lower(name) == support::lower(wanted)) return number;
    const auto found = std::find_if(classes.begin(), classes.end(),
                                    [&](const std::string& c) { return support::lower(c) == support::lower(name); });
    const std::string shown = support::printable(name);
    if (found == classes.end())
        return wrong("name '", shown, "' is no class of this network, whose class ", number, " is '",
                     support::printable(wanted), "'");
    return wrong("label ", number, " is '", support::printable(wanted), "' in this network, but the name is '", shown,
                 "', its class ", static_cast<int>(found - classes.begin()));
}

} // namespace

uml::result<std::vector<labelled_case>> read_dataset(const fs::path& given, std::string_view split,
                                                     const std::vector<std::string>& classes) {
    const auto folder = find_folder(given, split);
    if (!folder) return folder.error();
    const fs::path table = *folder / "labels.csv";
    const auto bytes = support::read_file(table, most_table_bytes);
    if (!bytes) return bytes.error();
    support::never_overwrite(table);
    const std::string name = support::shown(table);
    const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    if (const std::size_t at = support::utf8_bytes(text); at < text.size())
        return uml::fail(uml::errc::malformed, {name, ": byte ", std::uint64_t{at}, " is not UTF-8"});
    support::csv_reader reader(text);
    const auto first = reader.next();
    if (!first) return uml::fail(uml::errc::malformed, {name, " ", first.error().what.view()});
    if (!*first) return uml::fail(uml::errc::malformed, {name, ": empty"});

    const std::vector<std::string> head = **first;
    const auto column = [&](std::string_view wanted) {
        return static_cast<std::size_t>(std::find(head.begin(), head.end(), wanted) - head.begin());
    };
    for (const std::string_view wanted : {"id", "label", "name"}) {
        if (column(wanted) == head.size())
            return uml::fail(uml::errc::malformed, {name, ": no column ", wanted, " in the header"});
        if (std::count(head.begin(), head.end(), wanted) > 1)
            return uml::fail(uml::errc::malformed, {name, ": two columns ", wanted, " in the header"});
    }
    const std::size_t id_column = column("id"), label_column = column("label"), name_column = column("name");
    const auto all_images = images_in(*folder), all_masks = files_by_id(*folder / "masks", {".png", ".tif", ".tiff"});
    if (!all_images) return all_images.error();
    if (!all_masks) return all_masks.error();
    const files_by_name &images = *all_images, &masks = *all_masks;

    std::vector<labelled_case> cases;
    std::set<std::string> seen;
    for (;;) {
        const auto record = reader.next();
        if (!record) return uml::fail(uml::errc::malformed, {name, " ", record.error().what.view()});
        if (!*record) break;
        const std::vector<std::string>& row = **record;
        const auto wrong = [&](const auto&... parts) {
            return uml::fail(uml::errc::malformed, {name, " line ", std::uint64_t{reader.line()}, ": ", parts...});
        };
        if (row.size() != head.size())
            return wrong(std::uint64_t{row.size()}, " fields, but the header has ", std::uint64_t{head.size()});
        labelled_case c{row[id_column], -1, {}, {}};
        const std::string id = support::printable(c.id);
        const auto label = class_of(row[label_column], row[name_column], classes);
        if (!label) return wrong("id '", id, "': ", label.error().what.view());
        c.label = *label;
        if (!seen.insert(c.id).second) return wrong("id '", id, "' appears twice");
        if (images.count(c.id) == 0) return wrong("no images/", id, " with .png, .jpg, .jpeg, .tif or .tiff");
        if (images.count(c.id) > 1) return wrong("several images/", id, " with different endings");
        if (masks.count(c.id) != 1)
            return wrong(masks.count(c.id) == 0 ? "no masks/" : "several masks/", id, ".png, .tif or .tiff");
        c.image = images.find(c.id)->second;
        c.mask = masks.find(c.id)->second;
        support::never_overwrite(c.image);
        support::never_overwrite(c.mask);
        cases.push_back(std::move(c));
    }
    if (cases.empty()) return uml::fail(uml::errc::malformed, {name, ": no cases"});
    return cases;
}

std::vector<std::string> images_without_row(const std::vector<labelled_case>& cases) {
    std::set<std::string> known;
    for (const labelled_case& c : cases) known.insert(c.id);
    std::vector<std::string> left_out;
    const auto images = images_in(cases.front().image.parent_path().parent_path());
    if (!images) return left_out; // read a moment ago
    for (const auto& [id, file] : *images)
        if (!known.contains(id)) left_out.push_back(support::to_utf8(file.filename()));
    return left_out;
}

uml::result<support::picture> read_mask(const fs::path& file, int regions) {
    const auto bytes = support::read_file(file, support::most_file_bytes);
    if (!bytes) return bytes.error();
    const auto raster = support::decode_raster(*bytes);
    if (!raster) return uml::fail(raster.error().code, {support::shown(file), ": ", raster.error().what.view()});
    auto mask = support::to_regions(*raster, regions);
    if (!mask) return uml::fail(mask.error().code, {support::shown(file), ": ", mask.error().what.view()});
    return mask;
}

} // namespace evaluate
