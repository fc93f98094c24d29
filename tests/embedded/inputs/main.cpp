// uml-embedded-inputs WEIGHTS PICTURE FOLDER: what the embedded programs are tested with, made by the ordinary path on
// this machine: edge.sample for the weights, and small.safetensors and small.sample for a small network of one's own.
#include "../sample.hpp"
#include "../small_unet.hpp"
#include "support/files.hpp"
#include "support/resize.hpp"
#include "support/tiny.hpp"

#include <cstdio>
#include <fstream>
#include <string>

namespace {

void append(std::string& to, const void* from, std::size_t bytes) { to.append(static_cast<const char*>(from), bytes); }

template <class M> uml::result<std::string> sample_of(const M& model, const support::picture& any_size) {
    const support::picture p = support::resize(any_size, model.height(), model.width());
    auto workspace = model.make_workspace();
    if (!workspace) return workspace.error();
    const auto f = model.run(p.view(), *workspace);
    if (!f) return f.error();
    const auto u = [](int n) { return static_cast<std::uint32_t>(n); };
    const embedded::sample_header h{u(p.height), u(p.width), u(p.channels), u(model.classes()), u(model.regions())};
    std::string bytes;
    append(bytes, &h, sizeof h);
    append(bytes, p.data.data(), p.data.size());
    bytes.resize(sizeof h + h.pixel_bytes());
    for (const float x : uml_test::numbers_of(*f)) append(bytes, &x, sizeof x);
    if (bytes.size() != h.bytes()) return uml::fail(uml::errc::malformed, "the sample's size is not what it says");
    return bytes;
}

bool write(const std::string& name, const std::string& bytes) {
    return static_cast<bool>(
        std::ofstream(name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
}

int complain(std::string_view what) {
    std::fprintf(stderr, "uml-embedded-inputs: %.*s\n", static_cast<int>(what.size()), what.data());
    return 1;
}

} // namespace

int main(int count, char** words) {
    if (count != 4) return complain("usage: uml-embedded-inputs WEIGHTS PICTURE FOLDER");
    const std::string folder = words[3];
    const auto read = support::read_picture(words[2]);
    if (!read) return complain(read.error().what);
    const auto grey = support::to_grey(*read);
    const auto edge = uml::load<uml::network<uml::dynamic>>(words[1]);
    if (!edge) return complain(edge.error().what);
    const auto edge_sample = sample_of(*edge, grey);
    if (!edge_sample) return complain(edge_sample.error().what);

    auto draft = uml_test::draft::of<embedded::small_unet>(embedded::small_config);
    draft.labelled(embedded::small_unet::label, embedded::small_config);
    const auto bytes = draft.bytes();
    const auto small = uml::load<embedded::small, uml::cpu>(bytes);
    if (!small) return complain(small.error().what);
    const auto small_sample = sample_of(*small, grey);
    if (!small_sample) return complain(small_sample.error().what);

    const std::string small_weights(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!write(folder + "/edge.sample", *edge_sample) || !write(folder + "/small.sample", *small_sample) ||
        !write(folder + "/small.safetensors", small_weights))
        return complain("cannot write to the folder");
    return 0;
}
