// The results for programs: the JSON document (docs/analyze-schema.json) and the CSV file.
#pragma once

#include "analyze/outcome.hpp"
#include "analyze/tasks.hpp"
#include "support/manifest.hpp"
#include "support/output.hpp"
#include "uml/io/json_writer.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace analyze {

/// The JSON document, built picture by picture.
class document {
public:
    document(const std::string& weights, const support::engine_request& how, const support::model_facts& model);
    document(const document&) = delete;
    document& operator=(const document&) = delete;

    void add(const outcome& o);
    /// The whole text; call once, after the last picture.
    [[nodiscard]] std::string finish(int done, int accepted, int unfamiliar, int failed, int skipped);

private:
    void add_findings(const outcome& o);

    std::string text_;
    uml::json::writer<std::string> json_{text_, 2};
    const support::model_facts& model_;
};

/// A table with one row per finished picture, complete on disk after every row. Beside it, FILE.manifest.jsonl says
/// which picture, weights and options each row comes from.
class table {
public:
    /// Begins a new file. With `resume` goes on with one that exists: a row that was not finished is cut off, and rows
    /// that come from other weights or options are dropped, as are those of this run's pictures of which it is not
    /// known what they come from. Fails when the file cannot be written, another program writes it, or its columns are
    /// those of another network.
    [[nodiscard]] static uml::result<table> open(const std::string& file, const support::model_facts& model,
                                                 bool resume, const std::string& weights, const std::string& options,
                                                 const std::vector<task>& tasks);

    /// Whether there is a row of the picture that has this full path and content.
    [[nodiscard]] bool has(const std::string& source, const std::string& picture) const;
    /// Removes the row of the picture that was there under this full path, if it had other content.
    [[nodiscard]] uml::result<void> drop_other(const std::string& source, const std::string& picture);
    /// Adds the picture's row, or writes it anew.
    [[nodiscard]] uml::result<void> add(const outcome& o, const support::manifest_record& r);
    [[nodiscard]] uml::result<void> finish() { return file_.finish(); }

private:
    struct kept_row {
        std::string source, picture, text;
    };

    [[nodiscard]] uml::result<bool> keep_rows(std::string_view text, const std::string& weights,
                                              const std::string& options, const std::vector<task>& tasks);
    [[nodiscard]] uml::result<void> replace();

    std::filesystem::path path_;
    std::string header_;
    std::vector<std::string> classes_;
    support::line_file file_;
    std::optional<support::manifest> made_;
    std::vector<kept_row> rows_;
    std::map<std::string, std::size_t> by_source_;
};

} // namespace analyze
