// What a backend is: a small value that says where and how a network runs. It gets a planned program, a list of
// operations whose tensors have places in one arena.
#pragma once

#include "uml/backend/watch.hpp"
#include "uml/core/executor.hpp"
#include "uml/core/memory.hpp"
#include "uml/core/precision.hpp"
#include "uml/graph/program.hpp"
#include "uml/parameters/dense.hpp"

#include <concepts>
#include <string_view>

#include "uml/core/begin.inc"

namespace uml::inline UML_VERSION_NAMESPACE {

/// What runs a backend's networks. All of these members; nothing is optional, so that a misspelt one is an error and no
/// silent default. `reference` has the shortest, docs/own-backend.md the walk-through.
///
/// For planning (constexpr):
///   check()                     an error that says what of the value cannot be had, here or at all
///   passes                      (static) the rewrites it wants
///   lower(graph&)               rewrites of its own, after all others; its operations count from `first_backend_op` on
///   supports(node)              has it this operation?
///   order()                     whether independent operations run side by side
///   images()                    that one run takes
///   tensor(site)                the form of an operation's tensor in the arena
///   scratch_bytes(site)         memory that an operation needs beside its tensors; planned into the arena
///   step_bytes(site)            what it keeps for an operation between runs; planned behind the tensors
///   packed_bytes(site)          what an operation's weights take in the backend's form
///   relative_limit()            ||out - exact|| / ||exact|| that its precision allows
///
/// When a model is loaded:
///   scalar                      the element type of results
///   code, code_of<program>()    code for a program known to the compiler; code_of<void>(): for any
///   weights                     the packed weights; immutable then, shared by all threads
///   make_weights(program, memory)
///                               memory for them, the caller's if it is not empty
///   identity(weights)           their address, wherever it is: by it a workspace knows its model
///   pack_row_multiple(program, i)
///                               if operation i's parameter may be packed in several calls of some rows each: of what
///                               their number is a multiple; 0: all rows at once
///   pack(program, i, first, second, weights)
///                               brings operation i's parameters into its form; for several operations at once if
///                               load_options::threads has several threads
///
/// For each workspace:
///   workspace                   the arena, the prepared steps, and the queue if there is one
///   make_workspace(program, weights, code, executor, memory)
///
/// When it runs (no allocation, no locks):
///   run(program, weights, workspace, pictures, watch)
///                               the checked pictures, as many as images(), become the input tensor, values 0..1, and
///                               all operations run, now or later; `watch`, if not null, is asked before and told of
///                               each: see run_watch
///   idle_memory(program, workspace)
///                               what of the arena the host may write to between runs; empty where that is none
///   fetch(program, workspace, image, nodes, views)
///                               waits, then shows an image's tensors in memory that the host can read
template <class E>
concept engine = requires {
    requires std::floating_point<typename E::scalar>;
    typename E::weights;
    typename E::workspace;
    typename E::code;
    { E::passes } -> std::convertible_to<rewrites>;
    { E::template code_of<void>() } -> std::same_as<typename E::code>;
}
&&requires(const E& e, const site& at, const node& n, graph& g) {
    { e.check() } -> std::same_as<result<void>>;
    { e.lower(g) } -> std::same_as<void>;
    { e.relative_limit() } -> std::same_as<double>;
    { e.supports(n) } -> std::same_as<bool>;
    { e.order() } -> std::same_as<schedule>;
    { e.images() } -> std::same_as<int>;
    { e.tensor(at) } -> std::same_as<tensor_form>;
    { e.scratch_bytes(at) } -> std::same_as<std::int64_t>;
    { e.packed_bytes(at) } -> std::same_as<std::int64_t>;
    { e.step_bytes(at) } -> std::same_as<std::int64_t>;
}
&&requires(const E& e, const program_view& p, const dense_parameter& d, typename E::weights& w,
           const typename E::weights& fixed, typename E::workspace& s, const typename E::code& c,
           std::span<const image_view> pictures, std::span<std::byte> memory, executor threads, std::size_t i,
           std::span<const id> nodes, std::span<tensor_view<const typename E::scalar>> views, const run_watch* watch) {
    { e.make_weights(p, memory) } -> std::same_as<result<typename E::weights>>;
    { e.identity(fixed) } -> std::same_as<const void*>;
    { e.pack_row_multiple(p, i) } -> std::same_as<int>;
    { e.pack(p, i, d, d, w) } -> std::same_as<result<void>>;
    { e.make_workspace(p, fixed, c, threads, memory) } -> std::same_as<result<typename E::workspace>>;
    { e.run(p, fixed, s, pictures, watch) } -> std::same_as<result<void>>;
    { e.idle_memory(p, s) } -> std::same_as<std::span<std::byte>>;
    { e.fetch(p, s, 0, nodes, views) } -> std::same_as<result<void>>;
};

/// An engine with memory of its own that a caller's programs can reach too, as a GPU's. All of these members beside an
/// engine's:
///   check_memory(address, device)    whether the address is in the device's memory, or else in the host's
///   run_on_device(program, weights, workspace, pictures, watch)   as run, of pictures that are on the device
///   fetch_on_device(program, workspace, image, nodes, views)      as fetch, tensors in the device's memory
template <class E>
concept device_engine = engine<E> &&
    requires(const E& e, const program_view& p, const typename E::weights& fixed, typename E::workspace& s,
             std::span<const device_picture> pictures, std::span<const id> nodes, const run_watch* watch,
             std::span<tensor_view<const typename E::scalar>> views) {
    { e.check_memory(static_cast<const void*>(nullptr), true) } -> std::same_as<result<void>>;
    { e.run_on_device(p, fixed, s, pictures, watch) } -> std::same_as<result<void>>;
    { e.fetch_on_device(p, s, 0, nodes, views) } -> std::same_as<result<void>>;
};

/// A backend is a small value that says where and how a network runs: threads, precision, a device. It is structural,
/// so that it is also a template argument, and names the engine that is made of it as `engine{value}`.
template <class B>
concept backend = requires {
    typename B::engine;
}
&&engine<typename B::engine>&& std::default_initializable<B>&& std::equality_comparable<B>;

/// The backend where a program says none.
struct cpu;
template <class net> struct backend_unsaid {
    using type = cpu; // in a template, since `cpu` is another header's
};

/// The name of the form that `B` packs weights into, for weights that are packed on one machine and used on another:
/// specialise it for a backend whose packed weights are plain numbers in ordinary memory. It goes by the exact type, so
/// that a backend made from another one has none until it says so. Empty: no prepared weights.
template <class B> inline constexpr std::string_view prepared_form{};

} // namespace uml::inline UML_VERSION_NAMESPACE

#include "uml/core/end.inc"
