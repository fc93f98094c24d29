// A camera loop: frames of the camera's size, findings back on the frame's pixels, the time of each operation, an end
// from another thread; nothing of it allocates.
#include <uml/compiled.hpp>
#include <uml/picture.hpp>
#include <uml/profile.hpp>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <vector>

static long allocations = 0;
void* operator new(std::size_t bytes) {
    ++allocations;
    if (void* p = std::malloc(bytes)) return p;
    std::abort();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

constexpr int height = 480, width = 640;

/// A bright disc that moves over a grey ramp.
void expose(std::vector<unsigned char>& bgr, int time) {
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const int dy = y - 240, dx = x - 200 - 40 * time;
            const auto v = static_cast<unsigned char>(dy * dy + dx * dx < 4900 ? 230 : x * 90 / width);
            for (int k = 0; k < 3; ++k) bgr[static_cast<std::size_t>((y * width + x) * 3 + k)] = v;
        }
}

int complain(const uml::error& e) { return std::puts(e.what.c_str()), 1; }

} // namespace

int main(int count, char** words) {
    if (count != 2) return 2;
    const auto model = uml::load<uml::network<uml::dynamic>>(words[1]);
    if (!model) return complain(model.error());
    if (!model->notice().empty()) std::printf("%s\n", model->notice().data());
    auto workspace = model->make_workspace();
    if (!workspace) return complain(workspace.error());
    std::vector<unsigned char> frame(height * width * 3), mask(height * width);
    std::vector<std::byte> scratch;
    std::vector<uml::profiler::entry> entries(model->program().nodes.size());
    uml::profiler profiler(entries);
    uml::cancel_token stop;

    for (int time = 0; time < 3; ++time) {
        expose(frame, time);
        const long before = allocations;
        const auto picture = model->prepare_input(uml::image_view(frame.data(), height, width, 3), *workspace,
                                                  {.layout = uml::pixel_layout::bgr, .region = {0, 80, 480, 480}});
        if (!picture) return complain(picture.error());
        const auto found = model->run(*picture, *workspace, {profiler.observer(), stop.when_asked()});
        if (!found) return complain(found.error());
        if (time == 0) { // its size depends on the placement alone
            scratch.resize(static_cast<std::size_t>(uml::back_bytes(picture->where, found->regions())));
        } else if (allocations != before) {
            return std::puts("the loop allocates"), 1;
        }
        const auto back =
            uml::mask_back(found->logits, picture->where, uml::image_span(mask.data(), height, width, 1), scratch, 255);
        if (!back) return complain(back.error());
        if (mask[0] != 255 || mask[240 * width + 320] == 255) return std::puts("the mask is not where it should be"), 1;
        std::printf("frame %d: class %d, vacuity %.2f, %s\n", time, found->diagnosis.predicted(),
                    static_cast<double>(found->diagnosis.vacuity()),
                    model->accepts(*found) ? "accepted" : "refer to a human");
    }
    std::size_t most = 0;
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (entries[i].nanoseconds > entries[most].nanoseconds) most = i;
    const uml::operation_view slowest{model->program(), static_cast<uml::id>(most)};
    std::printf("slowest: %s %s, %.2f ms a frame\n", slowest.kind().data(), slowest.layer().c_str(),
                static_cast<double>(entries[most].nanoseconds) / 1e6 / entries[most].runs);
    stop.cancel();
    const auto picture = model->prepare_input(uml::image_view(frame.data(), height, width, 3), *workspace);
    const auto ended = model->run(*picture, *workspace, {.cancel = stop.when_asked()});
    return !ended && ended.error().code == uml::errc::cancelled && entries[most].runs == 3 ? 0 : 1;
}
