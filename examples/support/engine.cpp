#include "support/engine.hpp"

#include "support/resize.hpp"
#include "support/text.hpp"
#include "uml/threads/pool.hpp"
#include "uml/uml.hpp"
#ifdef UML_WITH_EIGEN
    #include "uml/backend/eigen.hpp"
#endif
#ifdef UML_WITH_CUDA
    #include "uml/backend/cuda.hpp"
#endif
#ifdef UML_WITH_ONEDNN
    #include "uml/backend/onednn.hpp"
    #include "uml/threads/openmp.hpp"
#endif

#include <cstdio>
#include <string>

namespace support {
namespace {

/// A backend with a precision, by the names that the command lines use.
struct offer {
    std::string_view backend, precision;
    uml::result<std::unique_ptr<engine>> (*open)(const engine_request&);
    bool threads_decide = false; // on the last bits of an answer
};

/// The threads of most backends.
struct pool_threads {
    explicit pool_threads(int count) : pool(count) {}
    uml::executor get() { return pool; }
    uml::thread_pool pool;
};

#ifdef UML_WITH_CUDA
/// A device's backend runs on none of the host's.
struct no_threads {
    explicit no_threads(int) {}
    uml::executor get() const { return {}; }
};
#endif

#ifdef UML_WITH_ONEDNN
/// The threads that oneDNN uses itself.
struct openmp_threads {
    explicit openmp_threads(int count) : team(uml::openmp(count)) {}
    uml::executor get() const { return team; }
    uml::executor team;
};
#endif

template <class B, class Threads> class engine_on final : public engine {
    using model_type = uml::model<uml::network<uml::dynamic>, B>;
    using workspace_type = typename model_type::workspace;

public:
    [[nodiscard]] static uml::result<std::unique_ptr<engine>> open(const engine_request& request, const B& where) {
        using net = uml::network<uml::dynamic>;
        auto model = request.content.empty() ? uml::load<net>(request.weights.c_str(), where)
                                             : uml::load<net>(request.content, where);
        if (!model) return model.error();
        if (!model->notice().empty()) std::fprintf(stderr, "%s\n", printable(model->notice()).c_str());
        const std::string& file = request.weights;
        if (model->classes() < 2 || model->regions() < 2)
            return uml::fail(uml::errc::unsupported, {file, ": the network does not classify and segment both"});
        if (model->regions() > 256)
            return uml::fail(uml::errc::unsupported,
                             {file, ": ", model->regions(), " regions, at most 256 fit a mask"});
        auto threads = std::make_unique<Threads>(request.threads);
        auto workspace = model->make_workspace(threads->get());
        if (!workspace) return workspace.error();
        return std::unique_ptr<engine>(
            new engine_on(*std::move(model), std::move(threads), *std::move(workspace), request.check_kind));
    }

    [[nodiscard]] uml::result<reading> run(const uml::image_view& image) override {
        auto found = model_.run(image, workspace_);
        if (!found) return found.error();
        if (!check_kind_) found->familiarity.reset();
        reading r;
        const auto features = model_.output(workspace_, "cls_pooled");
        for (int k = 0; k < features.c; ++k) r.features.push_back(static_cast<float>(features.data[k]));
        r.kind = found->kind(), r.familiarity = found->familiarity;
        r.vacuity = static_cast<double>(found->diagnosis.vacuity());
        r.predicted = found->diagnosis.predicted();
        r.verdict = found->verdict();
        r.accepted = found->accepted();
        for (int k = 0; k < found->diagnosis.classes(); ++k) {
            r.belief.push_back(static_cast<double>(found->diagnosis.belief(k)));
            r.evidence.push_back(static_cast<double>(found->diagnosis.evidence(k)));
            r.probability.push_back(static_cast<double>(found->probabilities()[static_cast<std::size_t>(k)]));
            if (found->in_class_set(k)) r.class_set.push_back(k);
        }
        r.height = found->height(), r.width = found->width(), r.regions = found->regions();
        r.logits.reserve(static_cast<std::size_t>(r.height) * static_cast<std::size_t>(r.width * r.regions));
        r.pixel_vacuity.reserve(static_cast<std::size_t>(r.height) * static_cast<std::size_t>(r.width));
        for (int y = 0; y < r.height; ++y)
            for (int x = 0; x < r.width; ++x) {
                for (int k = 0; k < r.regions; ++k)
                    r.logits.push_back(static_cast<float>(found->region_logit(y, x, k)));
                r.pixel_vacuity.push_back(static_cast<float>(found->pixel_vacuity(y, x)));
            }
        return r;
    }

private:
    engine_on(model_type model, std::unique_ptr<Threads> threads, workspace_type workspace, bool check_kind)
        : model_(std::move(model)), threads_(std::move(threads)), workspace_(std::move(workspace)),
          check_kind_(check_kind) {
        const auto name = [](std::string_view given, const char* kind, int k) {
            return given.empty() ? kind + std::to_string(k) : std::string(given);
        };
        facts_.network = model_.card().network.view();
        facts_.height = model_.height(), facts_.width = model_.width(), facts_.channels = model_.channels();
        for (int k = 0; k < model_.classes(); ++k) facts_.classes.push_back(name(model_.class_name(k), "class ", k));
        for (int k = 0; k < model_.regions(); ++k) facts_.regions.push_back(name(model_.region_name(k), "region ", k));
        facts_.most_image_vacuity = static_cast<double>(model_.screening().image_vacuity);
        facts_.most_pixel_vacuity = static_cast<double>(model_.screening().pixel_vacuity);
        if (check_kind_) facts_.most_distance = static_cast<double>(model_.screening().image_distance);
        facts_.temperature = model_.card().temperature;
        facts_.class_set = model_.card().class_set, facts_.mask_set = model_.card().mask_set;
    }

    model_type model_;
    std::unique_ptr<Threads> threads_; // outlives the workspace
    workspace_type workspace_;
    bool check_kind_;
};

#ifdef UML_WITH_CUDA
template <uml::precision p> uml::result<std::unique_ptr<engine>> open_cuda(const engine_request& r) {
    return engine_on<uml::cuda, no_threads>::open(r, {.precision = p});
}
#endif

constexpr offer offers[] = {
    {"cpu", "f32",
     [](const engine_request& r) { return engine_on<uml::cpu, pool_threads>::open(r, {.threads = r.threads}); }},
    {"cpu", "f32-direct",
     [](const engine_request& r) {
         return engine_on<uml::cpu, pool_threads>::open(r, {.threads = r.threads, .winograd = false});
     }},
#ifdef UML_WITH_EIGEN
    {"eigen", "f32",
     [](const engine_request& r) { return engine_on<uml::eigen, pool_threads>::open(r, {.threads = r.threads}); }},
#endif
#ifdef UML_WITH_CUDA
    {"cuda", "f32", open_cuda<uml::precision::f32>},
    {"cuda", "tf32", open_cuda<uml::precision::tf32>},
    {"cuda", "bf16", open_cuda<uml::precision::bf16>},
#endif
#ifdef UML_WITH_ONEDNN
    {"onednn", "f32",
     [](const engine_request& r) { return engine_on<uml::onednn, openmp_threads>::open(r, {.threads = r.threads}); },
     true},
    {"onednn", "bf16",
     [](const engine_request& r) {
         return engine_on<uml::onednn, openmp_threads>::open(r,
                                                             {.threads = r.threads, .precision = uml::precision::bf16});
     },
     true},
#endif
    {"reference", "f32", [](const engine_request& r) { return engine_on<uml::reference, pool_threads>::open(r, {}); }},
    {"reference", "f64",
     [](const engine_request& r) { return engine_on<uml::reference64, pool_threads>::open(r, {}); }},
};

const offer* find_offer(const engine_request& request) {
    for (const offer& o : offers)
        if (o.backend == request.backend && o.precision == request.precision) return &o;
    return nullptr;
}

} // namespace

picture engine::prepare(const picture& p) const {
    return resize(facts_.channels == 1 ? to_grey(p) : to_color(p), facts_.height, facts_.width);
}

std::string offers_here() {
    std::string text;
    std::string_view backend;
    for (const offer& o : offers) {
        if (o.backend == backend)
            text += ", ";
        else
            text += (text.empty() ? "" : "), ") + std::string(o.backend) + " (";
        backend = o.backend;
        text += o.precision;
    }
    return text + ")";
}

bool threads_decide(const engine_request& request) {
    const offer* const found = find_offer(request);
    return found != nullptr && found->threads_decide;
}

uml::result<void> check_available(const engine_request& request) {
    if (find_offer(request) != nullptr) return {};
    return uml::fail(uml::errc::unsupported, {"backend '", request.backend, "' with precision '", request.precision,
                                              "' is not in this build, which has ", offers_here()});
}

uml::result<std::unique_ptr<engine>> open_engine(const engine_request& request) {
    const offer* const found = find_offer(request);
    return found != nullptr ? found->open(request) : check_available(request).error();
}

} // namespace support
