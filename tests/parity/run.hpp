// Runs one golden file on one backend: the program as it ships, and, where the file has them, all intermediate
// features.
#pragma once

#include "parity.hpp"
#include "support/shapes.hpp"

#include "uml/model/load.hpp"

#include <cmath>
#include <cstdio>

namespace parity {

struct measured {
    double max_abs = 0, max_rel = 0, normalised = 0, relative = 0, agreement = 1;
};

/// `out` in height × width × channels against `ref` in channels × height × width.
template <class T> [[nodiscard]] measured measure(const uml::tensor_view<const T>& out, const std::vector<float>& ref) {
    const auto n = static_cast<double>(ref.size());
    double mean = 0, largest = 0, off = 0, spread = 0, size = 0;
    for (const float r : ref) {
        mean += static_cast<double>(r) / n;
        largest = std::max(largest, std::fabs(static_cast<double>(r)));
    }
    measured m;
    for (int k = 0; k < out.c; ++k)
        for (std::int64_t p = 0; p < out.pixels(); ++p) {
            const double r = static_cast<double>(ref[static_cast<std::size_t>(k * out.pixels() + p)]);
            const double d = std::fabs(static_cast<double>(out.pixel(p)[k]) - r);
            off += d * d;
            spread += (r - mean) * (r - mean);
            size += r * r;
            if (!(d <= m.max_abs)) m.max_abs = d;
            if (std::fabs(r) > 0.01 * largest && !(d <= m.max_rel * std::fabs(r))) m.max_rel = d / std::fabs(r);
        }
    m.normalised = spread > 0 ? std::sqrt(off / spread) : 0;
    m.relative = std::sqrt(off / size);
    std::int64_t same = 0;
    for (std::int64_t p = 0; out.c > 1 && p < out.pixels(); ++p) {
        int best = 0;
        const auto at = [&](int k) { return ref[static_cast<std::size_t>(k * out.pixels() + p)]; };
        for (int k = 1; k < out.c; ++k)
            if (at(k) > at(best)) best = k;
        int found = 0;
        for (int k = 1; k < out.c; ++k)
            if (out.pixel(p)[k] > out.pixel(p)[found]) found = k;
        same += found == best || at(found) == at(best) ? 1 : 0;
    }
    if (out.c > 1) m.agreement = static_cast<double>(same) / static_cast<double>(out.pixels());
    return m;
}

template <class description, class B> class runner {
    using net = uml::network<description>;
    using model = uml::model<net, B>;
    using workspace = typename model::workspace;

public:
    runner(const B& where, const options& o, const uml_test::golden_file& g, uml::executor threads)
        : where_(where), o_(o), g_(g), threads_(threads) {}

    status run(const char* path) {
        std::printf("%s: %s, seed %llu, %s %s\n", path, description::label.data(),
                    static_cast<unsigned long long>(o_.seed.value_or(g_.seed)), o_.backend.c_str(),
                    o_.precision.c_str());
        const auto* image = g_.find("image");
        if (image == nullptr || image->shape.size() != 4 || image->shape[1] != 3)
            return complain("no image of three channels");
        uml::config c;
        c.height = static_cast<int>(image->shape[2]);
        c.width = static_cast<int>(image->shape[3]);
        c.regions = g_.seg_classes;
        c.classes = g_.cls_classes;
        bool everything = false;
        for (const auto& [name, tensor] : g_.tensors) everything |= name.starts_with("tap.") || name.ends_with(".1");
        if (const status s = run_program(c, uml::output_set::answer); s != status::within) return s;
        if (everything)
            if (const status s = run_program(c, uml::output_set::taps); s != status::within) return s;
        return report();
    }

private:
    status complain(std::string_view what) const {
        std::fprintf(stderr, "uml-parity: %.*s\n", static_cast<int>(what.size()), what.data());
        return status::unusable;
    }

    status run_program(const uml::config& c, uml::output_set outputs) {
        auto tables = uml::dynamic_program::make(
            where_, [&](uml::graph& g) { uml::describe<description>(g, c, o_.passes, outputs); });
        if (!tables) return complain(tables.error().what);
        const auto shapes = uml_test::tensors_of(tables->view());
        const auto file = uml_test::ruled_source::open(shapes, o_.seed.value_or(g_.seed));
        if (!file) return complain(file.error().what);
        uml::load_options load;
        load.configuration = c;
        load.passes = o_.passes;
        load.outputs = outputs;
        const auto m = uml::load<net>(*file, where_, load);
        if (!m) return complain(m.error().what);
        auto w = m->make_workspace(threads_);
        if (!w) return complain(w.error().what);
        const auto picture = interleaved(c);
        const auto f = m->run(uml::image_view(picture.data(), c.height, c.width, 3), *w);
        if (!f) return complain(f.error().what);
        for (const auto& [name, ref] : g_.tensors) {
            const auto out = m->output(*w, name);
            if (out.data == nullptr) continue;
            if (static_cast<std::size_t>(out.pixels() * out.c) != ref.values.size())
                return complain("an output has another size than in the file");
            worse(results_[name], measure(out, ref.values));
        }
        return status::within;
    }

    [[nodiscard]] std::vector<float> interleaved(const uml::config& c) const {
        const auto& image = g_.find("image")->values;
        const std::size_t pixels = static_cast<std::size_t>(c.height) * static_cast<std::size_t>(c.width);
        std::vector<float> picture(3 * pixels);
        for (std::size_t p = 0; p < pixels; ++p)
            for (std::size_t k = 0; k < 3; ++k) picture[3 * p + k] = image[k * pixels + p];
        return picture;
    }

    static void worse(measured& m, const measured& other) {
        const auto most = [](double& a, double b) {
            if (!(b <= a)) a = b; // NaN is worse than any number
        };
        most(m.max_abs, other.max_abs);
        most(m.max_rel, other.max_rel);
        most(m.normalised, other.normalised);
        most(m.relative, other.relative);
        m.agreement = std::min(m.agreement, other.agreement);
    }

    status report() const {
        const limits l = limits_of(o_.precision);
        bool all = true;
        std::printf("%-24s %10s %10s %10s %10s\n", "tensor", "max abs", "max rel", "normalised", "limit");
        for (const auto& [name, ref] : g_.tensors) {
            if (name == "image") continue;
            const auto at = results_.find(name);
            if (at == results_.end()) {
                std::printf("%-24s not computed FAIL\n", name.c_str());
                all = false;
                continue;
            }
            const measured& m = at->second;
            const bool of_class = name.starts_with("cls_"), one = ref.values.size() == 1;
            bool ok = m.relative <= (of_class ? l.class_relative : l.relative);
            if (!of_class && !one) ok = ok && m.normalised <= l.normalised;
            if (name.starts_with("seg_logits")) ok = ok && m.agreement >= l.mask_agreement;
            const bool shows_relative = of_class || one;
            std::printf("%-24s %10.2e %10.2e %10.2e %10.2e %s", name.c_str(), m.max_abs, m.max_rel,
                        shows_relative ? m.relative : m.normalised, shows_relative ? l.class_relative : l.normalised,
                        ok ? "ok" : "FAIL");
            std::printf(" (relative %.2e", m.relative);
            if (name.starts_with("seg_logits")) std::printf(", mask %.4f %%", 100 * m.agreement);
            std::printf(")\n");
            all = all && ok;
        }
        return all ? status::within : status::outside;
    }

    const B& where_;
    const options& o_;
    const uml_test::golden_file& g_;
    uml::executor threads_;
    std::map<std::string, measured, std::less<>> results_;
};

/// Runs the network that the options or the file name.
template <class B>
status run_on(const B& where, const options& o, const uml_test::golden_file& g, const char* path,
              uml::executor threads = {}) {
    const std::string& label = o.network.empty() ? g.network : o.network;
    if (label == "release") return runner<uml::release_network, B>(where, o, g, threads).run(path);
    if (label == "paper") return runner<uml::paper_network, B>(where, o, g, threads).run(path);
    std::fprintf(stderr, "uml-parity: %s: network \"%s\" is neither release nor paper\n", path, label.c_str());
    return status::unusable;
}

} // namespace parity
