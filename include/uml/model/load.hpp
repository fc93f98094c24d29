// From a weights file to a model: checked whole before anything is prepared, all or nothing.
#pragma once

// First: a compiler names the includes that lead to a faulty network's sentence, which should stand near the top.
#include "uml/model/model.hpp"

#include "uml/io/file.hpp"
#include "uml/model/bind.hpp"
#include "uml/model/load_options.hpp"
#include "uml/model/materialise.hpp"
#include "uml/model/read_card.hpp"
#include "uml/model/self_check.hpp"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace load_detail {

/// Tensors that published checkpoints have and no inference uses.
[[nodiscard]] constexpr bool never_used(std::string_view name) {
    for (const std::string_view prefix :
         {"cls_feature_encoder.layer4.", "seg_feature_encoder.layer4.", "seg_feature_encoder.conv5_"})
        if (name.starts_with(prefix)) return true;
    return false;
}

/// The network that the file says it is for, against the one that it is loaded into.
template <class description>
[[nodiscard, gnu::cold]] result<void> check_label(const weights_file& f, const model_card& card) {
    if constexpr (requires { description::label; })
        if (!card.network.empty() && card.network != description::label)
            return fail(errc::wrong_network, f.source(), ": weights of network ", quoted(card.network).view(), ", not ",
                        description::label);
    return {};
}

/// The configuration that the file says it is for, against the one asked for.
[[nodiscard, gnu::cold]] inline result<void> check_config(const weights_file& f, const model_card& card,
                                                          const config& c) {
    if (card.network.empty()) return {};
    const config& g = card.configuration;
    const struct {
        const char* what;
        int have, want;
    } fields[] = {{"classes", g.classes, c.classes},
                  {"regions", g.regions, c.regions},
                  {"channels_in", g.channels_in, c.channels_in},
                  {"channel_divisor", g.channel_divisor, c.channel_divisor},
                  {"stem_stride", g.stem_stride, c.stem_stride}};
    for (const auto& x : fields)
        if (x.have != x.want)
            return fail(errc::wrong_config, f.source(), ": weights for ", x.what, " ", x.have, ", the network has ",
                        x.what, " ", x.want);
    return {};
}

/// Before anything of that size is allocated.
[[nodiscard, gnu::cold]] inline result<void> check_arena(const weights_file& f, const program_view& p,
                                                         std::int64_t most) {
    if (p.arena_bytes <= most) return {};
    const shape& in = p.nodes.front().out;
    return fail(errc::wrong_config, f.source(), ": at ", in.h, " x ", in.w, " pixels the network needs an arena of ",
                p.arena_bytes, " bytes, load_options::max_arena_bytes allows ", most);
}

/// Builds the program, or checks that the file is for the compiled one.
template <class net, class B>
[[nodiscard, gnu::cold]] result<model_detail::program_of<net, B>>
make_program(const weights_file& f, const model_card& card, const load_options& o) {
    using description = typename net::description;
    if (auto r = check_label<description>(f, card); !r) return r.error();
    if constexpr (net::is_static) {
        if constexpr (std::is_same_v<std::remove_cv_t<decltype(net::configuration)>, config>)
            if (auto r = check_config(f, card, net::configuration); !r) return r.error();
        return model_detail::program_of<net, B>{};
    } else {
        if (card.network.empty() && (!o.configuration || std::is_same_v<description, dynamic>))
            return fail(errc::wrong_network, f.source(),
                        ": a plain state_dict does not say which network it is for: load it into a network of fixed "
                        "configuration");
        if (o.configuration)
            if (auto r = check_config(f, card, *o.configuration); !r) return r.error();
        const config c = o.configuration ? *o.configuration : card.configuration;
        const rewrites on = o.passes ? *o.passes : B::preferred;
        bool known = true;
        auto tables = dynamic_program::make<B>([&](graph& g) {
            if constexpr (std::is_same_v<description, dynamic>)
                known = describe_known(card.network, g, c, on, o.outputs);
            else
                describe<description>(g, c, on, o.outputs);
        });
        if (!known)
            return fail(errc::wrong_network, f.source(), ": weights of network ", quoted(card.network).view(),
                        ", which is not known here");
        if (!tables) {
            error e = fail(tables.error().code, f.source(), ": ", tables.error().what.view());
            return e;
        }
        if (auto r = check_arena(f, tables->view(), o.max_arena_bytes); !r) return r.error();
        return model_detail::program_of<net, B>{*std::move(tables)};
    }
}

/// Brings one operation's parameters into the backend's form.
template <class B>
[[nodiscard, gnu::cold]] result<void> pack_one(const program_view& p, const weights_file& f, int i,
                                               typename B::weights& w) {
    const node& n = p.nodes[static_cast<std::size_t>(i)];
    if constexpr (requires { B::rows_together(p, i); })
        if (const int rows = B::rows_together(p, i); rows > 0 && n.weight != no_id && has_rows(p, n.weight))
            return materialise_rows(p, f, n.weight, rows, [&](const owned_parameter& part, int first_row) {
                dense_parameter d = part.view();
                d.first = first_row;
                return B::pack(p, i, d, {}, w);
            });
    owned_parameter first, second;
    if (n.weight != no_id)
        if (auto r = materialise(p, f, n.weight, first); !r) return r;
    if (n.weight2 != no_id)
        if (auto r = materialise(p, f, n.weight2, second); !r) return r;
    return n.weight == no_id && n.weight2 == no_id ? result<void>{} : B::pack(p, i, first.view(), second.view(), w);
}

/// All operations, each by itself. What fails on the threads, perhaps for memory, is tried again when they are done, so
/// that the error is always that of the first operation.
template <class B>
[[nodiscard, gnu::cold]] result<void> pack_all(const program_view& p, const weights_file& f, executor threads,
                                               typename B::weights& w) {
    buffer<bool> done;
    if (!done.resize(p.nodes.size())) return fail(errc::out_of_memory, "no memory to prepare the weights");
    const int count = static_cast<int>(p.nodes.size());
    auto job = [&](int j, int) {
        const int i = count - 1 - j; // the last ones are the largest
        done.span()[static_cast<std::size_t>(i)] = bool(pack_one<B>(p, f, i, w));
    };
    if (threads.width > 1) threads.for_each(count, job);
    for (int i = 0; i < count; ++i)
        if (!done.span()[static_cast<std::size_t>(i)])
            if (auto r = pack_one<B>(p, f, i, w); !r) return r;
    return {};
}

} // namespace load_detail

template <class net, backend B>
[[nodiscard, gnu::cold]] result<model<net, B>> load(const weights_file& file, const load_options& options) {
    auto card = read_card(file);
    if (!card) return card.error();
    auto program = load_detail::make_program<net, B>(file, *card, options);
    if (!program) return program.error();
    const program_view p = program->view();
    if (auto r = check_binding(p, file, load_detail::never_used); !r) return r.error();
    auto weights = B::make_weights(p, options.memory);
    if (!weights) return weights.error();
    if (auto r = load_detail::pack_all<B>(p, file, options.threads, *weights); !r) return r.error();
    model<net, B> m(*std::move(program), *std::move(weights), *std::move(card));
    if (options.self_check)
        if (auto r = run_self_check(m, file, options.threads); !r) return r.error();
    return m;
}

template <class net, backend B>
[[nodiscard, gnu::cold]] result<model<net, B>> load(const char* path, const load_options& options) {
    if (path == nullptr) return fail(errc::invalid_argument, "load: no path");
    const auto file = open_weights(path);
    if (!file) return file.error();
    return load<net, B>(*file, options);
}

template <class net, backend B>
[[nodiscard, gnu::cold]] result<model<net, B>> load(std::span<const std::byte> bytes, const load_options& options) {
    const auto file = weights_from(bytes);
    if (!file) return file.error();
    return load<net, B>(*file, options);
}

} // namespace uml::inline UML_VERSION_NAMESPACE
