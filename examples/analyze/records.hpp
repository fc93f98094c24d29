// The results for programs: the JSON document (docs/analyze-schema.json) and the CSV file.
#pragma once

#include "analyze/outcome.hpp"
#include "uml/io/json_writer.hpp"

#include <cstdio>
#include <memory>
#include <set>
#include <string>

namespace analyze {

/// The JSON document, built picture by picture.
class document {
public:
    document(const std::string& weights, const support::engine_request& how, const support::model_facts& model);
    document(const document&) = delete;
    document& operator=(const document&) = delete;

    void add(const outcome& o);
    /// The whole text; call once, after the last picture.
    [[nodiscard]] const std::string& finish(int done, int accepted, int failed, int skipped);

private:
    void add_findings(const outcome& o);

    std::string text_;
    uml::json::writer<std::string> json_{text_, 2};
    const support::model_facts& model_;
};

/// A table with one row per finished picture, complete on disk after every row.
class table {
public:
    /// Begins a new file; with `resume` goes on with one that exists, after cutting off a row that was not finished.
    /// Fails when the file cannot be written, or its columns are those of another network.
    [[nodiscard]] static uml::result<table> open(const std::string& file, const support::model_facts& model,
                                                 bool resume);

    [[nodiscard]] bool has(const std::string& image) const { return images_.contains(image); }
    [[nodiscard]] uml::result<void> add(const outcome& o);

private:
    struct closer {
        void operator()(std::FILE* f) const { std::fclose(f); }
    };
    std::string name_;
    std::vector<std::string> classes_;
    std::unique_ptr<std::FILE, closer> file_;
    std::set<std::string> images_;
};

} // namespace analyze
