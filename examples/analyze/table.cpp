#include "analyze/records.hpp"

#include "support/csv.hpp"
#include "support/files.hpp"
#include "support/sha256.hpp"

#include <charconv>
#include <set>

namespace analyze {
namespace {

std::string number_text(double number) {
    char digits[40];
    const auto end = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::general, 9).ptr;
    return {digits, end};
}

using support::csv_field;

constexpr std::string_view the_table = "the table of this run";

std::string header(const support::model_facts& model) {
    std::string line = "image,width,height,class,accepted,vacuity";
    for (const std::string& name : model.classes) line += "," + csv_field("belief " + name);
    for (const std::string& name : model.classes) line += "," + csv_field("probability " + name);
    for (const std::string& name : model.regions) line += "," + csv_field("pixels " + name);
    for (const std::string& name : model.regions) line += "," + csv_field("vacuity " + name);
    return line + ",reliable_share,seconds,verdict,class_set,familiarity,kind\n";
}

} // namespace

// Takes the rows that may stay from a table of an earlier run; false where it holds anything else.
uml::result<bool> table::keep_rows(std::string_view text, const std::string& weights, const std::string& options,
                                   const std::vector<task>& tasks) {
    std::set<std::string> images, others{header_};
    for (const task& t : tasks) images.insert(support::csv_cell(support::to_utf8(t.file)));
    support::csv_reader reader(text);
    bool all = true;
    for (bool first = true;; first = false) {
        const std::size_t begin = reader.complete();
        const auto fields = reader.next();
        if (!fields && !reader.cut())
            return uml::fail(uml::errc::malformed, {support::shown(path_), ": ", fields.error().what.view()});
        if (!fields || !*fields) return all && reader.complete() == text.size();
        const std::string line(text.substr(begin, reader.complete() - begin));
        if (line.empty()) return false; // cut off
        if (first && line != header_) {
            const bool same = *support::csv_reader(header_).next() == *fields;
            return uml::fail(
                uml::errc::invalid_argument,
                {support::shown(path_), same ? ": has been saved by another program, which --resume cannot go on with"
                                             : ": has other columns than these weights give"});
        }
        if (first) continue;
        const support::manifest_record* from = made_ ? made_->find_output("row", support::hash_of(line)) : nullptr;
        const bool twice = from != nullptr ? by_source_.contains(from->source) : !others.insert(line).second;
        const bool known =
            from != nullptr ? from->weights == weights && from->options == options : !images.contains((**fields)[0]);
        const bool stays = known && !twice;
        all = all && stays;
        if (!stays) continue;
        if (from != nullptr) by_source_[from->source] = rows_.size();
        rows_.push_back({from != nullptr ? from->source : "", from != nullptr ? from->picture : "", line});
    }
}

uml::result<table> table::open(const std::string& file, const support::model_facts& model, bool resume,
                               const std::string& weights, const std::string& options, const std::vector<task>& tasks) {
    table t;
    t.path_ = file;
    t.header_ = header(model);
    t.classes_ = model.classes;
    auto opened = support::line_file::open(file);
    if (!opened) return opened.error();
    t.file_ = *std::move(opened);
    if (t.file_.is_stream()) {
        if (const auto begun = t.file_.append(t.header_); !begun) return begun.error();
        return t;
    }
    auto made = support::manifest::open(file + ".manifest.jsonl");
    if (!made) return made.error();
    t.made_ = *std::move(made);
    support::never_overwrite(file, the_table);
    if (resume) {
        const auto text = t.file_.content();
        if (!text) return text.error();
        const auto same = t.keep_rows(*text, weights, options, tasks);
        if (!same) return same.error();
        if (*same && !text->empty()) return t;
    }
    if (const auto begun = t.replace(); !begun) return begun.error();
    return t;
}

uml::result<void> table::replace() {
    std::string text = header_;
    for (const kept_row& r : rows_) text += r.text;
    auto replaced = file_.replace(text);
    if (replaced) support::never_overwrite(path_, the_table); // it is another file now
    return replaced;
}

uml::result<void> table::drop_other(const std::string& source, const std::string& picture) {
    const auto found = by_source_.find(source);
    if (found == by_source_.end() || rows_[found->second].picture == picture) return {};
    rows_[found->second].text.clear();
    by_source_.erase(found);
    return replace();
}

bool table::has(const std::string& source, const std::string& picture) const {
    const auto found = by_source_.find(source);
    return found != by_source_.end() && rows_[found->second].picture == picture;
}

uml::result<void> table::add(const outcome& o, const support::manifest_record& r) {
    const auto shown = [&](const std::string& text) { return o.withheld ? std::string() : text; };
    std::string row = csv_field(o.image) + "," + std::to_string(o.width) + "," + std::to_string(o.height) + "," +
                      shown(csv_field(classes_[static_cast<std::size_t>(o.predicted)])) + "," +
                      (o.accepted ? "yes" : "no") + "," + number_text(o.vacuity);
    for (const double b : o.belief) row += "," + shown(number_text(b));
    for (const double p : o.probability) row += "," + shown(number_text(p));
    for (const auto& region : o.regions) row += "," + shown(std::to_string(region.pixels));
    for (const auto& region : o.regions)
        row += "," + shown(region.pixels > 0 ? number_text(region.mean_vacuity) : std::string());
    row += "," + number_text(o.reliable_share) + "," + number_text(o.seconds) + "," +
           std::string(uml::trust::name_of(o.verdict)) + ",";
    std::string set;
    for (const int k : o.class_set) set += (set.empty() ? "" : "|") + classes_[static_cast<std::size_t>(k)];
    row += shown(csv_field(set)) + "," + (o.familiarity ? number_text(*o.familiarity) : "not checked") + "," +
           std::string(uml::trust::name_of(o.kind)) + "\n";
    const auto had = by_source_.find(r.source); // where a picture is made again, whose row was whole
    if (had == by_source_.end()) {
        if (const auto added = file_.append(row); !added) return added;
        by_source_[r.source] = rows_.size();
        rows_.push_back({r.source, r.picture, row});
    } else {
        rows_[had->second].text = row;
        if (const auto replaced = replace(); !replaced) return replaced;
    }
    if (!made_) return {};
    support::manifest_record record = r;
    record.outputs = {{"row", support::hash_of(row)}};
    if (record.name.empty()) record.name = record.stem;
    return made_->add(record);
}

} // namespace analyze
