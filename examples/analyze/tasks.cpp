#include "analyze/tasks.hpp"

#include "support/files.hpp"
#include "support/output.hpp"
#include "support/sha256.hpp"

#include <map>
#include <set>

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
        tasks.push_back({folder, std::string(files.error().what.view()), {}, {}, false, {}});
        return;
    }
    const std::size_t before = tasks.size();
    for (const fs::path& file : *files) {
        if (own_results && made_by_this_program(file)) continue;
        fs::path stem = file.stem();
        if (o.recursive) stem = file.parent_path().lexically_relative(folder).lexically_normal() / stem;
        tasks.push_back({file, {}, stem.lexically_normal(), {}, false, {}});
    }
    if (tasks.size() == before)
        tasks.push_back({folder, support::shown(folder) + ": no picture files in this folder", {}, {}, false, {}});
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
            if (copies[t->suffix] > 1) t->suffix = support::hash_of(t->suffix + t->source);
    }
}

} // namespace

std::vector<task> list_tasks(const options& o) {
    std::vector<task> named;
    for (const std::string& input : o.inputs) {
        std::error_code ignored;
        if (fs::is_directory(input, ignored))
            add_folder(o, input, named);
        else
            named.push_back({input, {}, fs::path(input).stem(), {}, false, {}});
    }
    std::vector<task> tasks;
    std::set<std::string> seen;
    for (task& t : named) {
        t.source = support::full_path(t.file).native();
        if (t.problem.empty() && !seen.insert(t.source).second) continue;
        if (t.problem.empty()) support::never_overwrite(t.file);
        tasks.push_back(std::move(t));
    }
    find_clashes(tasks);
    return tasks;
}

} // namespace analyze
