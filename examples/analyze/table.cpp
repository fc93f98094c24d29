#include "analyze/records.hpp"

#include "support/files.hpp"

namespace analyze {
namespace {

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string q = "\"";
    for (const char c : text) {
        if (c == '"') q += '"';
        q += c;
    }
    return q + '"';
}

std::string header(const support::model_facts& model) {
    std::string line = "image,width,height,class,accepted,vacuity";
    for (const std::string& name : model.classes) line += "," + csv_field("belief " + name);
    for (const std::string& name : model.classes) line += "," + csv_field("probability " + name);
    for (const std::string& name : model.regions) line += "," + csv_field("pixels " + name);
    for (const std::string& name : model.regions) line += "," + csv_field("vacuity " + name);
    return line + ",reliable_share,seconds\n";
}

// The records of a CSV text that are complete: `fields` gets the first field of each, the result is their length.
std::size_t complete_records(const std::string& text, std::vector<std::string>& fields) {
    std::size_t complete = 0;
    std::string first;
    bool inside_quotes = false, in_first = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            const bool escaped = inside_quotes && i + 1 < text.size() && text[i + 1] == '"';
            if (escaped)
                ++i;
            else
                inside_quotes = !inside_quotes;
            if (escaped && in_first) first += '"';
        } else if (c == '\n' && !inside_quotes) {
            fields.push_back(first);
            first.clear();
            in_first = true;
            complete = i + 1;
        } else if (c == ',' && !inside_quotes) {
            in_first = false;
        } else if (in_first) {
            first += c;
        }
    }
    return complete;
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
        std::vector<std::string> fields;
        text.resize(complete_records(text, fields));
        if (!text.empty() && !text.starts_with(begin))
            return uml::fail(uml::errc::invalid_argument, file, ": has other columns than these weights give");
        if (!text.empty()) begin = text;
        for (std::size_t i = 1; i < fields.size(); ++i) t.images_.insert(fields[i]);
    }
    if (const auto written = support::write_file(file, begin); !written) return written.error();
    t.file_.reset(std::fopen(file.c_str(), "ab"));
    if (!t.file_) return uml::fail(uml::errc::invalid_argument, file, ": cannot be written");
    return t;
}

uml::result<void> table::add(const outcome& o) {
    using support::number_text;
    std::string row = csv_field(o.image) + "," + std::to_string(o.width) + "," + std::to_string(o.height) + "," +
                      csv_field(classes_[static_cast<std::size_t>(o.predicted)]) + "," + (o.accepted ? "yes" : "no") +
                      "," + number_text(o.vacuity);
    for (const double b : o.belief) row += "," + number_text(b);
    for (const double p : o.probability) row += "," + number_text(p);
    for (const auto& r : o.regions) row += "," + std::to_string(r.pixels);
    for (const auto& r : o.regions) row += "," + (r.pixels > 0 ? number_text(r.mean_vacuity) : std::string());
    row += "," + number_text(o.reliable_share) + "," + number_text(o.seconds, 4) + "\n";
    if (std::fwrite(row.data(), 1, row.size(), file_.get()) != row.size() || std::fflush(file_.get()) != 0)
        return uml::fail(uml::errc::invalid_argument, name_, ": cannot be written");
    images_.insert(o.image);
    return {};
}

} // namespace analyze
