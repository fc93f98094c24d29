// The library in thirty lines: a picture's class, mask and confidence. Usage: uml-thirty-lines WEIGHTS PICTURE
#include "support/resize.hpp"

#include <uml/threads/pool.hpp>
#include <uml/uml.hpp>

#include <cstdio>
#include <string>

static int complain(const uml::error& e) {
    std::fprintf(stderr, "%s\n", e.what.c_str());
    return 1;
}

int main(int count, char** words) {
    if (count != 3) return complain(uml::fail(uml::errc::invalid_argument, "usage: uml-thirty-lines WEIGHTS PICTURE"));
    const auto model =
        uml::load<uml::network<uml::dynamic>>(words[1], uml::cpu{.threads = 2}); // checked whole, or an error
    if (!model) return complain(model.error());
    const auto picture = support::read_picture(words[2]); // PNG, JPEG or TIFF
    if (!picture) return complain(picture.error());
    const auto input = support::resize(model->channels() == 1 ? support::to_grey(*picture) : *picture, model->height(),
                                       model->width());
    uml::thread_pool threads(2);
    auto workspace = model->make_workspace(threads); // all memory that running needs
    if (!workspace) return complain(workspace.error());
    const auto found = model->run(input.view(), *workspace);
    if (!found) return complain(found.error());

    const auto& d = found->diagnosis;
    for (int k = 0; k < d.classes(); ++k)
        std::printf("%s: belief %.3f, probability %.3f\n", std::string(model->class_name(k)).c_str(),
                    static_cast<double>(d.belief(k)), static_cast<double>(d.probability(k)));
    int area = 0, reliable = 0;
    for (int y = 0; y < found->height(); ++y)
        for (int x = 0; x < found->width(); ++x) {
            area += found->region(y, x) != 0 ? 1 : 0; // region 0 is the background
            reliable += found->reliable(y, x) ? 1 : 0;
        }
    std::printf("mask: %d of %d x %d pixels; %d pixels are reliable\n", area, found->width(), found->height(),
                reliable);
    std::printf("vacuity %.3f: %s\n", static_cast<double>(d.vacuity()), found->verdict_text().data());
}
