// A network of one's own from the library's blocks: an evidential U-Net whose last skip connection passes a Navigator.
// Usage: uml-own-network WEIGHTS.safetensors. Without an argument it prints the tensors that such a file holds.
#include <uml/uml.hpp>

#include <cstdio>
#include <vector>

struct evidential_unet {
    static constexpr std::string_view label = "evidential_unet";

    static constexpr uml::value down(uml::builder& g, uml::value x, const uml::name& where, int channels) {
        x = g.max_pool(x, {2, 2, 0, 1});
        return uml::double_conv(g, x, where, channels);
    }
    static constexpr void describe(uml::builder& g, const uml::config& c) {
        if (!uml::check(g, c)) return;
        const uml::value image = uml::picture(g, c);
        const uml::value e1 = uml::double_conv(g, image, "enc1", 16);
        const uml::value e2 = down(g, e1, "enc2", 32);
        const uml::value e3 = down(g, e2, "enc3", 64);
        const uml::value d2 = uml::up_step(g, e3, e2, "dec2", 32, uml::skip_order::skip_last);
        // A first opinion at half size says where the skip features can be relied on.
        const uml::value first = uml::project(g, d2, "first", c.regions);
        const uml::opinion_values coarse = uml::evidential_head(g, first);
        const uml::value vacuity = g.resize(coarse.vacuity, e1.shape.h, e1.shape.w);
        const uml::value small = uml::project(g, d2, "mutual", 8);
        const uml::value mutual = g.resize(small, e1.shape.h, e1.shape.w);
        const uml::value skip = uml::navigator_gate(g, e1, mutual, vacuity, "navigator", 8);
        const uml::value d1 = uml::up_step(g, d2, skip, "dec1", 16, uml::skip_order::skip_last);
        const uml::value logits = uml::project(g, d1, "head", c.regions);
        const uml::opinion_values fine = uml::evidential_head(g, logits);
        g.output(logits, "seg_logits");
        g.output(fine.alpha, "mutual_alpha");
        g.output(fine.vacuity, "mutual_uncertainty");
        uml::value pooled = g.global_average(e3);
        pooled = g.linear(pooled, "classifier", {.out = c.classes, .bias = true});
        const uml::opinion_values image_opinion = uml::evidential_head(g, pooled);
        g.output(image_opinion.alpha, "cls_alpha");
        g.output(image_opinion.vacuity, "cls_uncertainty");
    }
};

using net = uml::network<evidential_unet,
                         uml::config{.height = 128, .width = 128, .regions = 2, .classes = 3, .channels_in = 1}>;
static_assert(uml::arena_bytes<net, uml::cpu{}> <= 8 << 20, "fits the device");

int main(int argc, char** argv) {
    if (argc < 2) {
        const uml::program_view p = uml::static_program<evidential_unet, net::configuration, uml::cpu{}>::view();
        for (const uml::parameter& q : p.parameters)
            if (uml::is_leaf(q.kind))
                std::printf("%s  %d outputs, %d inputs, %d x %d\n", p.name_of(q.name).c_str(), q.out, q.in, q.kernel,
                            q.kernel);
        return 0;
    }
    const auto model = uml::load<net, uml::cpu>(argv[1]);
    if (!model) return std::fprintf(stderr, "%s\n", model.error().what.c_str()), 1;
    auto workspace = model->make_workspace();
    if (!workspace) return std::fprintf(stderr, "%s\n", workspace.error().what.c_str()), 1;
    const std::vector<float> picture(128 * 128, 0.5F);
    const auto f = model->run(uml::image_view(picture.data(), 128, 128, 1), *workspace);
    if (!f) return std::fprintf(stderr, "%s\n", f.error().what.c_str()), 1;
    std::printf("class %d, vacuity %.3f, middle pixel: region %d, vacuity %.3f\n", f->diagnosis.predicted(),
                static_cast<double>(f->diagnosis.vacuity()), f->region(64, 64),
                static_cast<double>(f->pixel_vacuity(64, 64)));
    return 0;
}
