// What has been made of which picture, beside the results, as JSON lines. `--resume` believes it and nothing else.
#pragma once

#include "support/descriptor.hpp"
#include "uml/core/result.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// How many hexadecimal digits tell pictures of one name apart: as few as do.
inline constexpr std::array<std::size_t, 3> suffix_lengths{8, 16, 64};

/// One picture's results.
struct manifest_record {
    std::string picture; ///< SHA-256 of the file
    std::string source;  ///< its full path
    std::string stem;    ///< its name as asked for
    std::string name;    ///< the name that its results got
    std::string weights; ///< SHA-256 of the file
    std::string options; ///< what else decides on the results, as a JSON object
    std::string verdict;
    std::map<std::string, std::string> outputs; ///< what was made, and its SHA-256
};

/// The file, and what is in it. Several programs may write to one; each line is added under a lock, after reading what
/// the others have added. A last line that was cut off is removed; where it is none of this program's, the file is
/// refused. Only names that are asked for decide: a line that is not understood counts for nothing, nor does a name
/// that is not made of its picture's.
class manifest {
public:
    /// How long a lock is waited for that another program holds.
    static constexpr std::chrono::seconds patience{30};

    [[nodiscard]] static uml::result<manifest> open(const std::filesystem::path& file,
                                                    std::chrono::milliseconds wait = patience);

    /// A name for the results of a picture: the one that it has, or its stem where no other picture has that and no
    /// file that is not known here carries it, or the stem with the first `digits` (8) of `suffix`, or with more. Where
    /// `clash` is true the stem alone is never chosen, and what a picture of the same content elsewhere has is not its
    /// own. `occupied(name)` says whether there are such files. The answer is written down before any result is.
    template <class F>
    [[nodiscard]] uml::result<std::string> claim(const manifest_record& wanted, bool clash, const std::string& suffix,
                                                 F occupied, std::size_t digits = suffix_lengths[0]) {
        std::vector<std::string> names;
        if (!clash) names.push_back(wanted.stem);
        for (const std::size_t length : suffix_lengths)
            if (length >= digits) names.push_back(wanted.stem + "-" + suffix.substr(0, length));
        std::vector<bool> taken;
        taken.reserve(names.size());
        for (const std::string& name : names) taken.push_back(occupied(name));
        return choose(wanted, clash, names, taken);
    }

    /// The last record of results with this picture, stem, weights and options; with `clash` also this source.
    [[nodiscard]] const manifest_record* find(const manifest_record& like, bool clash) const;
    /// The last record in which this output has this hash.
    [[nodiscard]] const manifest_record* find_output(const std::string& output, const std::string& hash) const;

    [[nodiscard]] uml::result<void> add(const manifest_record& r);

private:
    struct owner {
        std::string picture, source;
    };

    [[nodiscard]] uml::result<std::string> choose(const manifest_record& wanted, bool clash,
                                                  const std::vector<std::string>& names,
                                                  const std::vector<bool>& taken);
    [[nodiscard]] uml::result<void> catch_up();
    [[nodiscard]] uml::result<void> append(std::string_view line);
    [[nodiscard]] uml::result<void> wait_for_lock() const;
    void take(std::string_view line);

    std::filesystem::path file_;
    std::chrono::milliseconds wait_{};
    descriptor open_;
    std::uint64_t read_ = 0;
    std::map<std::string, owner> owners_;         // by name in lower case
    std::map<std::string, std::string> by_claim_; // the name that a picture of some stem (and source) has
    std::vector<manifest_record> records_;
    std::map<std::string, std::size_t> by_picture_, by_output_;
};

} // namespace support
