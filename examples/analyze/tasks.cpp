#include "analyze/tasks.hpp"

#include "support/files.hpp"
#include "support/output.hpp"
#include "support/sha256.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace analyze {
namespace fs = std::filesystem;
namespace {

bool made_by_this_program(const fs::path& file) {
    const std::string kind = file.stem().extension().string();
    return file.extension() == ".png" &&
           (kind == ".overlay" || kind == ".mask" || kind == ".uncertainty" || kind == ".reliable" || kind == ".set");
}

void add_folder(const options& o, const std::string& folder, std::vector<task>& tasks) {
    std::error_code ignored;
    const bool own_results = !o.folder.empty() && fs::equivalent(folder, o.folder, ignored);
    const auto files = support::pictures_in(folder, o.recursive, own_results ? fs::path() : fs::path(o.folder));
    if (!files) {
        tasks.push_back({folder, std::string(files.error().what.view()), {}});
        return;
    }
    const std::size_t before = tasks.size();
    for (const fs::path& file : *files) {
        if (own_results && made_by_this_program(file)) continue;
        fs::path stem = file.stem();
        if (o.recursive) stem = file.parent_path().lexically_relative(folder).lexically_normal() / stem;
        tasks.push_back({file, {}, stem.lexically_normal()});
    }
    if (tasks.size() == before)
        tasks.push_back({folder, support::shown(folder) + ": no picture files in this folder", {}});
}

// Pictures of one name are told apart by their content, and copies by where they are.
void find_clashes(std::vector<task>& tasks) {
    std::map<std::string, std::vector<task*>> by_name;
    for (task& t : tasks)
        if (t.problem.empty()) by_name[support::lower(t.stem.native())].push_back(&t);
    for (const auto& [name, same] : by_name) {
        if (same.size() < 2) continue;
        std::map<std::string, int> copies;
        for (task* t : same) {
            const auto hash = support::hash_file(t->file);
            t->clash = true;
            if (hash) ++copies[t->suffix = *hash];
        }
        for (task* t : same)
            if (!t->suffix.empty() && copies[t->suffix] > 1) t->suffix = support::hash_of(t->suffix + t->source);
        for (task* t : same)
            for (const task* other : same)
                while (other != t && t->digits < t->suffix.size() &&
                       other->suffix.starts_with(t->suffix.substr(0, t->digits)))
                    t->digits =
                        *std::upper_bound(support::suffix_lengths.begin(), support::suffix_lengths.end(), t->digits);
    }
}

// Whether a picture that is named twice is rather called by the first of these names.
bool better(const task& a, const task& b) {
    const fs::path own = fs::path(a.source).stem();
    const bool is_own = a.stem.filename() == own, other_is = b.stem.filename() == own;
    return is_own != other_is ? is_own : std::tie(a.stem, a.file) < std::tie(b.stem, b.file);
}

} // namespace

std::vector<task> list_tasks(const options& o) {
    std::vector<task> named;
    for (const std::string& input : o.inputs) {
        std::error_code ignored;
        if (fs::is_directory(input, ignored))
            add_folder(o, input, named);
        else
            named.push_back({input, {}, fs::path(input).stem()});
    }
    std::vector<task> tasks;
    std::map<std::string, std::size_t> seen;
    for (task& t : named) {
        t.source = support::full_path(t.file).native();
        if (t.problem.empty()) {
            const auto [at, is_new] = seen.emplace(t.source, tasks.size());
            if (!is_new && better(t, tasks[at->second])) std::swap(tasks[at->second], t);
            if (!is_new) continue;
            support::never_overwrite(t.file);
        }
        tasks.push_back(std::move(t));
    }
    find_clashes(tasks);
    return tasks;
}

} // namespace analyze
