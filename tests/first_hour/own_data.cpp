// Weights of one's own data: loaded, which runs their self-check, and asked about a frame. Arguments: weights, the
// names of the classes.
#include <uml/compiled.hpp>

#include <cstdio>
#include <string_view>
#include <vector>

int main(int count, char** words) {
    if (count < 3) return 2;
    const auto complain = [](const uml::error& e) { return std::puts(e.what.c_str()), 1; };
    const auto model = uml::load<uml::network<uml::dynamic>>(words[1]);
    if (!model) return complain(model.error());
    if (model->classes() != count - 2) return 1;
    for (int k = 0; k < model->classes(); ++k)
        if (model->class_name(k) != std::string_view(words[k + 2])) return 1;
    auto workspace = model->make_workspace();
    if (!workspace) return complain(workspace.error());
    std::vector<unsigned char> frame(40 * 40, 60); // as a picture of the data: a bright square low in the frame
    for (int y = 24; y < 33; ++y)
        for (int x = 24; x < 33; ++x) frame[static_cast<std::size_t>(y * 40 + x)] = 220;
    const auto picture = model->prepare_input(uml::image_view(frame.data(), 40, 40, 1), *workspace);
    if (!picture) return complain(picture.error());
    const auto found = model->run(*picture, *workspace);
    if (!found) return complain(found.error());
    std::printf("%s, vacuity %.3f; region in the middle: %s\n", model->class_name(found->diagnosis.predicted()).data(),
                static_cast<double>(found->diagnosis.vacuity()),
                model->region_name(found->region(found->height() / 2, found->width() / 2)).data());
    return 0;
}
