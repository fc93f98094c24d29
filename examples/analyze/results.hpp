// Where the results of a run go, and what earlier runs have left there.
#pragma once

#include "analyze/records.hpp"
#include "analyze/tasks.hpp"
#include "support/manifest.hpp"

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace analyze {

/// A picture at work.
struct job {
    const task& of;
    support::manifest_record record;
    bool done = false; ///< its results exist, as `--resume` asks for them
};

/// The folder of pictures and the table, each with its manifest beside it.
class results {
public:
    /// `weights` is the SHA-256 of the weights file.
    [[nodiscard]] static uml::result<results> open(const options& o, const support::model_facts& model,
                                                   const std::string& weights, const std::vector<task>& tasks);

    /// What is known of a picture, whose file has this SHA-256, and a name for what will be made of it.
    [[nodiscard]] uml::result<job> begin(const task& t, const std::string& picture);

    /// Writes DIR/NAME.KIND.png.
    [[nodiscard]] uml::result<void> save(job& j, const std::string& kind, std::span<const std::uint8_t> png,
                                         outcome& out);

    /// Writes the picture's row, then notes that its results are whole.
    [[nodiscard]] uml::result<void> finish(job& j, const outcome& out);

    /// After the last picture: the table is on the disk.
    [[nodiscard]] uml::result<void> close();

private:
    explicit results(const options& o) : options_(&o) {}

    [[nodiscard]] std::filesystem::path picture_path(const std::string& name, const std::string& kind) const;
    [[nodiscard]] uml::result<void> names_fit(const std::string& name) const;
    [[nodiscard]] bool pictures_exist(const support::manifest_record& r) const;

    const options* options_;
    std::string weights_, options_text_;
    std::set<std::string> names_;           // without digits, of this run's pictures, in lower case
    std::optional<support::manifest> made_; // of pictures
    std::optional<table> table_;
};

} // namespace analyze
