#include "analyze/results.hpp"

#include "support/files.hpp"
#include "support/output.hpp"
#include "support/raster.hpp"
#include "support/sha256.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace analyze {
namespace fs = std::filesystem;

uml::result<results> results::open(const options& o, const support::model_facts& model, const std::string& weights,
                                   const std::vector<task>& tasks) {
    if (o.json && !o.csv.empty() && support::comes_among_what_is_printed(o.csv))
        return uml::fail(uml::errc::invalid_argument,
                         {"--csv ", support::shown(o.csv),
                          ": rows would come among what --json prints, and nobody could read either"});
    results r(o);
    r.weights_ = weights;
    uml::json::writer<std::string> w(r.options_text_);
    w.begin_object().member("program", UML_VERSION_STRING).member("backend", o.engine.backend);
    w.member("precision", o.engine.precision).key("levels");
    if (o.levels)
        w.begin_array().value(o.levels->low).value(o.levels->high).end_array();
    else
        w.null();
    if (support::threads_decide(o.engine)) w.member("threads", o.engine.threads);
    w.member("kind_check", o.engine.check_kind).member("show_unfamiliar", o.show_unfamiliar);
    w.member("pictures", support::picture_readers()).end_object(); // two decoders of JPEG differ in last bits
    for (const task& t : tasks)
        if (!t.clash) r.names_.insert(support::lower(t.stem.native()));
    if (!o.folder.empty()) {
        std::error_code failed;
        fs::create_directories(o.folder, failed);
        if (failed)
            return uml::fail(uml::errc::invalid_argument,
                             {"--out ", support::shown(o.folder), ": the folder cannot be made: ", failed.message()});
        auto made = support::manifest::open(fs::path(o.folder) / "uml-manifest.jsonl");
        if (!made) return made.error();
        r.made_ = *std::move(made);
    }
    if (!o.csv.empty()) {
        auto opened = table::open(o.csv, model, o.resume, weights, r.options_text_, tasks);
        if (!opened) return opened.error();
        r.table_ = *std::move(opened);
    }
    return r;
}

fs::path results::picture_path(const std::string& name, const std::string& kind) const {
    return fs::path(options_->folder) / (name + "." + kind + ".png");
}

// Before the network runs and any of them is written.
uml::result<void> results::names_fit(const std::string& name) const {
    const long most = ::pathconf(options_->folder.c_str(), _PC_NAME_MAX);
    for (const std::string& kind : options_->kinds) {
        const fs::path file = picture_path(name, kind);
        if (most < 0 || file.filename().native().size() <= static_cast<std::size_t>(most)) continue;
        errno = ENAMETOOLONG;
        return support::cannot_write(file);
    }
    return {};
}

bool results::pictures_exist(const support::manifest_record& r) const {
    return std::all_of(options_->kinds.begin(), options_->kinds.end(), [&](const std::string& kind) {
        if (r.verdict == uml::trust::name_of(uml::trust::verdict::unfamiliar) && !options_->show_unfamiliar &&
            kind != shown_when_withheld)
            return true;
        const auto wanted = r.outputs.find(kind);
        if (wanted == r.outputs.end()) return false;
        const auto hash = support::hash_file(picture_path(r.name, kind));
        return hash && *hash == wanted->second;
    });
}

uml::result<job> results::begin(const task& t, const std::string& picture) {
    job j{t, {picture, t.source, t.stem.native(), {}, weights_, options_text_, {}, {}}};
    if (table_)
        if (const auto dropped = table_->drop_other(t.source, picture); !dropped) return dropped.error();
    if (options_->resume) {
        const support::manifest_record* had = made_ ? made_->find(j.record, t.clash) : nullptr;
        j.done = (!made_ || (had != nullptr && pictures_exist(*had))) && (!table_ || table_->has(t.source, picture));
        if (j.done) return j;
    }
    if (!made_) return j;
    // The name that another picture of this run has by itself is taken too, so that names are the same in every order.
    const auto occupied = [&](const std::string& name) {
        if (name != j.record.stem && names_.contains(support::lower(name))) return true;
        return std::any_of(all_kinds.begin(), all_kinds.end(), [&](std::string_view kind) {
            std::error_code ignored;
            return fs::exists(fs::symlink_status(picture_path(name, std::string(kind)), ignored));
        });
    };
    const std::string& suffix = t.suffix.empty() ? picture : t.suffix;
    const auto name = made_->claim(j.record, t.clash, suffix, occupied, t.digits);
    if (!name) return name.error();
    if (const auto fit = names_fit(*name); !fit) return fit.error();
    j.record.name = *name;
    return j;
}

uml::result<void> results::save(job& j, const std::string& kind, std::span<const std::uint8_t> png, outcome& out) {
    const fs::path file = picture_path(j.record.name, kind);
    if (!j.of.stem.parent_path().empty()) {
        std::error_code failed;
        fs::create_directories(file.parent_path(), failed);
        if (failed)
            return uml::fail(uml::errc::invalid_argument,
                             {support::shown(file.parent_path()), ": the folder cannot be made: ", failed.message()});
    }
    std::error_code ignored;
    const auto there = fs::status(file, ignored);
    if (fs::exists(there) && !fs::is_regular_file(there)) // a pipe would wait for a reader
        return uml::fail(uml::errc::invalid_argument, {support::shown(file), ": not a regular file, so it stays"});
    if (const auto written = support::write_file(file, png); !written) return written;
    j.record.outputs[kind] = support::hash_of(png);
    out.pictures.emplace_back(kind, support::to_utf8(file));
    return {};
}

uml::result<void> results::finish(job& j, const outcome& out) {
    j.record.verdict = uml::trust::name_of(out.verdict);
    if (table_)
        if (const auto added = table_->add(out, j.record); !added) return added;
    return made_ ? made_->add(j.record) : uml::result<void>();
}

uml::result<void> results::close() { return table_ ? table_->finish() : uml::result<void>(); }

} // namespace analyze
