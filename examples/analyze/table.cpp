#include "analyze/records.hpp"

#include "support/csv.hpp"
#include "support/files.hpp"

#include <charconv>

namespace analyze {
namespace {

std::string number_text(double number) {
    char digits[40];
    const auto end = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::general, 9).ptr;
    return {digits, end};
}

using support::csv_field;

std::string header(const support::model_facts& model) {
    std::string line = "image,width,height,class,accepted,vacuity";
    for (const std::string& name : model.classes) line += "," + csv_field("belief " + name);
    for (const std::string& name : model.classes) line += "," + csv_field("probability " + name);
    for (const std::string& name : model.regions) line += "," + csv_field("pixels " + name);
    for (const std::string& name : model.regions) line += "," + csv_field("vacuity " + name);
    return line + ",reliable_share,seconds,verdict,class_set,familiarity\n";
}

} // namespace

uml::result<table> table::open(const std::string& file, const support::model_facts& model, bool resume) {
    table t;
    t.name_ = file;
    t.classes_ = model.classes;
    std::string begin = header(model);
    std::error_code ignored;
    if (resume && std::filesystem::exists(file, ignored)) {
        constexpr std::uintmax_t most = std::uintmax_t{1} << 30;
        const auto bytes = support::read_file(file, most);
        if (!bytes) return bytes.error();
        std::string text(bytes->begin(), bytes->end());
        const support::csv_records records = support::read_csv(text, false);
        text.resize(records.length);
        if (!text.empty() && !text.starts_with(begin))
            return uml::fail(uml::errc::invalid_argument, file, ": has other columns than these weights give");
        if (!text.empty()) begin = text;
        for (std::size_t i = 1; i < records.rows.size(); ++i) t.images_.insert(records.rows[i][0]);
    }
    if (const auto written = support::write_file(file, begin); !written) return written.error();
    t.file_.reset(std::fopen(file.c_str(), "ab"));
    if (!t.file_) return uml::fail(uml::errc::invalid_argument, file, ": cannot be written");
    return t;
}

uml::result<void> table::add(const outcome& o) {
    std::string row = csv_field(o.image) + "," + std::to_string(o.width) + "," + std::to_string(o.height) + "," +
                      csv_field(classes_[static_cast<std::size_t>(o.predicted)]) + "," + (o.accepted ? "yes" : "no") +
                      "," + number_text(o.vacuity);
    for (const double b : o.belief) row += "," + number_text(b);
    for (const double p : o.probability) row += "," + number_text(p);
    for (const auto& r : o.regions) row += "," + std::to_string(r.pixels);
    for (const auto& r : o.regions) row += "," + (r.pixels > 0 ? number_text(r.mean_vacuity) : std::string());
    row += "," + number_text(o.reliable_share) + "," + number_text(o.seconds) + "," +
           std::string(uml::trust::name_of(o.verdict)) + ",";
    std::string set;
    for (const int k : o.class_set) set += (set.empty() ? "" : "|") + classes_[static_cast<std::size_t>(k)];
    row += csv_field(set) + ",\n"; // no statistics for familiarity
    if (std::fwrite(row.data(), 1, row.size(), file_.get()) != row.size() || std::fflush(file_.get()) != 0)
        return uml::fail(uml::errc::invalid_argument, name_, ": cannot be written");
    images_.insert(o.image);
    return {};
}

} // namespace analyze
