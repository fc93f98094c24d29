// From a weights file to a model: checked whole before anything is prepared, all or nothing.
#pragma once

// First: a compiler names the includes that lead to a faulty network's sentence, which should stand near the top.
#include "uml/model/model.hpp"

#include "uml/io/file.hpp"
#include "uml/model/load_options.hpp"
#include "uml/model/read_card.hpp"
#include "uml/model/self_check.hpp"
#include "uml/networks/published.hpp"
#include "uml/parameters/norms.hpp"
#include "uml/parameters/stream.hpp"

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

namespace load_detail {

/// The network that the file says it is for, against the one that it is loaded into; an empty label fits any.
[[nodiscard, gnu::cold]] inline result<void> check_label(const weights_file& f, const model_card& card,
                                                         std::string_view label) {
    if (card.network.empty() || label.empty() || card.network == label) return {};
    return fail(errc::wrong_network,
                {f.source(), ": weights of network ", quoted(card.network).view(), ", not ", label});
}
template <class description> [[nodiscard]] constexpr std::string_view label_of() {
    if constexpr (std::is_same_v<description, dynamic>)
        return {};
    else
        return description::label;
}

/// The configuration that the file says it is for, against the one asked for.
[[nodiscard, gnu::cold]] inline result<void> check_config(const weights_file& f, const model_card& card,
                                                          const config& c) {
    if (card.network.empty()) return {};
    for (const config_field& field : config_fields) {
        const int have = card.configuration.*field.member, want = c.*field.member;
        if (!field.extent && have != want)
            return fail(errc::wrong_config, {f.source(), ": weights for ", field.name, " ", have, ", the network has ",
                                             field.name, " ", want});
    }
    return {};
}

/// Statistics of familiarity, where the file has them, against the network's features.
[[nodiscard, gnu::cold]] inline result<void> check_familiarity(const weights_file& f, const program_view& p,
                                                               const model_card& card) {
    if (!card.familiarity.present()) return {};
    const std::uint64_t have = card.familiarity.model.dimensions();
    const id features = answer_nodes::of(p).features;
    if (features == no_id)
        return fail(errc::wrong_network,
                    {f.source(), ": statistics of familiarity, but the network has no output cls_pooled"});
    const int channels = p.nodes[static_cast<std::size_t>(features)].out.c;
    if (have != static_cast<std::uint64_t>(channels))
        return fail(errc::wrong_shape,
                    {f.source(), ": statistics of familiarity of ", have, " features, the network has ", channels});
    return {};
}

/// Before anything of that size is allocated.
[[nodiscard, gnu::cold]] inline result<void> check_arena(const weights_file& f, const program_view& p,
                                                         std::int64_t most) {
    if (p.sizes.arena <= most) return {};
    const shape& in = p.nodes.front().out;
    return fail(errc::wrong_config, {f.source(), ": at ", in.h, " x ", in.w, " pixels the network needs an arena of ",
                                     p.sizes.arena, " bytes, load_options::max_arena_bytes allows ", most});
}

/// A network that is fixed while compiling, as the code that all of them share takes it.
struct fixed_network {
    std::string_view label;
    const config* configuration; ///< null: of a type of the network's own
    program_view made;           ///< for B{}
};
template <class configuration_type> [[nodiscard]] constexpr const config* config_in(const configuration_type& c) {
    if constexpr (std::is_same_v<configuration_type, config>)
        return &c;
    else
        return nullptr;
}
template <class net, class B>
inline constexpr fixed_network fixed{label_of<typename net::description>(), config_in(net::configuration),
                                     static_program<typename net::description, net::configuration, B{}>::view()};

/// Makes the program that a file's weights are for; the card becomes that of the network's size.
template <class B>
using program_maker = result<dynamic_program>(const weights_file&, model_card&, const B& where, const load_options&,
                                              const fixed_network*);

/// Checks that the file is for the compiled program.
template <class B>
[[nodiscard, gnu::cold]] result<dynamic_program> fixed_program(const weights_file& f, model_card& card, const B& where,
                                                               const load_options&, const fixed_network* net) {
    if (auto r = check_label(f, card, net->label); !r) return r.error();
    if (net->configuration != nullptr) {
        if (auto r = check_config(f, card, *net->configuration); !r) return r.error();
        adapt_to_size(f, card, *net->configuration);
    }
    if (where == B{}) return dynamic_program::of(net->made);
    return dynamic_program::replan(where, net->made);
}

/// Builds it.
template <class description, class B>
[[nodiscard, gnu::cold]] result<dynamic_program> built_program(const weights_file& f, model_card& card, const B& where,
                                                               const load_options& o, const fixed_network*) {
    if (auto r = check_label(f, card, label_of<description>()); !r) return r.error();
    if (card.network.empty() && (!o.configuration || std::is_same_v<description, dynamic>))
        return fail(errc::wrong_network,
                    {f.source(),
                     ": a plain state_dict does not say which network it is for: load it into a network of fixed "
                     "configuration"});
    if (o.configuration) {
        if (auto r = check_config(f, card, *o.configuration); !r) return r.error();
        adapt_to_size(f, card, *o.configuration);
    }
    const config c = o.configuration ? *o.configuration : card.configuration;
    const rewrites on = o.passes ? *o.passes : B::engine::passes;
    bool known = true;
    auto tables = dynamic_program::make(where, [&](graph& g) {
        if constexpr (std::is_same_v<description, dynamic>)
            known = describe_known(card.network, g, c, on, o.outputs);
        else
            describe<description>(g, c, on, o.outputs);
    });
    if (!known)
        return fail(errc::wrong_network,
                    {f.source(), ": weights of network ", quoted(card.network).view(), ", which is not known here"});
    if (!tables) return fail(tables.error().code, {f.source(), ": ", tables.error().what.view()});
    if (auto r = check_arena(f, tables->view(), o.max_arena_bytes); !r) return r.error();
    return tables;
}

/// Brings one operation's parameters into the backend's form.
template <class E>
[[nodiscard, gnu::cold]] result<void> pack_one(const E& where, const program_view& p, const binding& b, std::size_t i,
                                               typename E::weights& w) {
    const node& n = p.nodes[i];
    if (n.weight == no_id && n.weight2 == no_id) return {};
    if (const int rows = where.pack_row_multiple(p, i);
        rows > 0 && n.weight != no_id && row_stream::possible(b, n.weight)) {
        auto stream = row_stream::open(b, n.weight, rows);
        if (!stream) return stream.error();
        while (true) {
            const auto part = stream->next();
            if (!part) return part.error();
            if (part->out == 0) return {};
            if (auto r = where.pack(p, i, *part, {}, w); !r) return r;
        }
    }
    owned_parameter first, second;
    if (n.weight != no_id)
        if (auto r = evaluate(b, n.weight, first); !r) return r;
    if (n.weight2 != no_id)
        if (auto r = evaluate(b, n.weight2, second); !r) return r;
    return where.pack(p, i, first.view(), second.view(), w);
}

/// All operations, each by itself. What fails on the threads, perhaps for memory, is tried again when they are done, so
/// that the error is always that of the first operation.
template <class E>
[[nodiscard, gnu::cold]] result<void> pack_all(const E& where, const program_view& p, const binding& b,
                                               executor threads, typename E::weights& w) {
    buffer<bool> done;
    const std::size_t count = p.nodes.size();
    if (!done.resize(count)) return fail(errc::out_of_memory, "no memory to prepare the weights");
    auto job = [&](int j, int) noexcept {
        const arithmetic_mode own(denormals::kept);
        const std::size_t i = count - 1 - static_cast<std::size_t>(j); // the last ones are the largest
        done[i] = bool(pack_one(where, p, b, i, w));
    };
    if (threads.width > 1) threads.for_each(static_cast<int>(count), job);
    for (std::size_t i = 0; i < count; ++i)
        if (!done[i])
            if (auto r = pack_one(where, p, b, i, w); !r) return r;
    return {};
}

/// What all networks on a backend share.
template <backend B>
[[nodiscard, gnu::cold]] result<model_of<B>> load_any(const weights_file& file, const B& where,
                                                      const load_options& options, typename B::engine::code code,
                                                      program_maker<B>* make, const fixed_network* net) {
    const arithmetic_mode mode(denormals::kept);
    const typename B::engine own{where};
    if (auto r = own.check(); !r) return r.error();
    auto card = read_card(file);
    if (!card) return card.error();
    auto program = make(file, *card, where, options, net);
    if (!program) return program.error();
    const program_view p = program->view();
    if (auto r = check_familiarity(file, p, *card); !r) return r.error();
    const auto bound = binding::bind({p.parameters, p.names, p.letters}, file, never_used);
    if (!bound) return bound.error();
    if (auto r = check_norms(bound->table(), file); !r) return r.error();
    auto weights = own.make_weights(p, options.memory);
    if (!weights) return weights.error();
    if (auto r = pack_all(own, p, *bound, options.threads, *weights); !r) return r.error();
    result<model_of<B>> made(std::in_place, model_parts<B>{own, *std::move(program), code, *std::move(weights),
                                                           *std::move(card), answer_nodes::of(p),
                                                           model_detail::familiarity<typename B::engine::scalar>});
    if (options.self_check)
        if (auto r = run_self_check(*made, file, options.threads); !r) return r.error();
    return made;
}

} // namespace load_detail

template <class net, backend B>
[[nodiscard]] result<model<net, B>> load(const weights_file& file, const B& where, const load_options& options) {
    using engine = typename B::engine;
    using description = typename net::description;
    auto made = [&] {
        if constexpr (net::is_static)
            return load_detail::load_any<B>(
                file, where, options, engine::template code_of<static_program<description, net::configuration, B{}>>(),
                load_detail::fixed_program<B>, &load_detail::fixed<net, B>);
        else
            return load_detail::load_any<B>(file, where, options, engine::template code_of<void>(),
                                            load_detail::built_program<description, B>, nullptr);
    }();
    if (!made) return made.error();
    return result<model<net, B>>(std::in_place, *std::move(made));
}

template <class net, backend B>
[[nodiscard]] result<model<net, B>> load(const char* path, const B& where, const load_options& options) {
    if (path == nullptr) return fail(errc::invalid_argument, "load: no path");
    const auto file = open_weights(path);
    if (!file) return file.error();
    return load<net>(*file, where, options);
}

template <class net, backend B>
[[nodiscard]] result<model<net, B>> load(std::span<const std::byte> bytes, const B& where,
                                         const load_options& options) {
    const auto file = weights_from(bytes);
    if (!file) return file.error();
    return load<net>(*file, where, options);
}

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
