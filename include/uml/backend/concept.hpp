// What a backend is. It gets a planned program: a list of operations whose tensors have places in one arena.
#pragma once

#include "uml/core/executor.hpp"
#include "uml/core/memory.hpp"
#include "uml/graph/program.hpp"
#include "uml/parameters/dense.hpp"

#include <concepts>
#include <string_view>

namespace uml::inline UML_VERSION_NAMESPACE {

/// A backend is a type with these members. `reference` is the shortest example, docs/own-backend.md the walk-through.
///
/// At compile time as at run time:
///   tensor_layout                   how tensors lie in the arena
///   preferred                       the rewrites it wants
///   relative_limit                  ||out - exact|| / ||exact|| that its precision allows
///   supports(node)                  has it this operation?
///   scratch_bytes(nodes, node)      memory that an operation needs beside its tensors; planned into the arena
///   packed_bytes(nodes, parameters, node)   what an operation's weights take in the backend's form
///
/// When a model is loaded:
///   weights                         the packed weights; immutable then, shared by all threads
///   make_weights(program, memory)   memory for them, the caller's if it is not empty
///   pack(program, i, first, second, weights)   brings operation i's parameters into its form; for several operations
///                                              at once if load_options::threads has several threads
///   rows_together(program, i)       only if there is one: operation i's parameter may be packed in several calls, some
///                                   rows each, a multiple of this number; 0: all at once
///
/// For each workspace:
///   workspace                       the arena, and the queue if there is one
///   make_workspace(program, executor, memory)
///   attach(program, weights, workspace)   only if there is one: prepares what takes both
///
/// When it runs (no allocation, no locks, no failures):
///   upload(program, picture, workspace)        the checked picture becomes the input tensor, values 0..1
///   enqueue(program, weights, workspace, i)    operation i, now or later, after those before it
///   fetch(program, workspace, node)            waits, then shows a tensor in memory that the host can read
template <class B>
concept backend = requires(const node* nodes, const parameter* parameters, const node& n) {
    requires std::floating_point<typename B::scalar>;
    typename B::weights;
    typename B::workspace;
    { B::tensor_layout } -> std::convertible_to<layout>;
    { B::preferred } -> std::convertible_to<rewrites>;
    { B::relative_limit } -> std::convertible_to<double>;
    { B::supports(n) } -> std::same_as<bool>;
    { B::scratch_bytes(nodes, n) } -> std::same_as<std::int64_t>;
    { B::packed_bytes(nodes, parameters, n) } -> std::same_as<std::int64_t>;
}
&&requires(const program_view& p, const dense_parameter& d, typename B::weights& w, const typename B::weights& fixed,
           typename B::workspace& s, const typename B::workspace& done, const image_view& picture,
           std::span<std::byte> memory, executor threads, int i) {
    { B::make_weights(p, memory) } -> std::same_as<result<typename B::weights>>;
    { B::pack(p, i, d, d, w) } -> std::same_as<result<void>>;
    { B::make_workspace(p, threads, memory) } -> std::same_as<result<typename B::workspace>>;
    { B::upload(p, picture, s) } -> std::same_as<void>;
    { B::enqueue(p, fixed, s, i) } -> std::same_as<void>;
    { B::fetch(p, done, i) } -> std::same_as<tensor_view<const typename B::scalar>>;
};

/// The name of the form that `B` packs weights into, for weights that are packed on one machine and used on another:
/// specialise it for a backend whose packed weights are plain numbers in ordinary memory. It goes by the exact type, so
/// that a backend made from another one has none until it says so. Empty: no prepared weights.
template <class B> inline constexpr std::string_view prepared_form{};

} // namespace uml::inline UML_VERSION_NAMESPACE
