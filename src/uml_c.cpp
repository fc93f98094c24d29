// The C API: uml.h on top of a network that the weights file configures and the backend cpu.
#include <uml.h>
#include <uml/uml.hpp>

#include <cstring>
#include <new>

namespace {

using backend = uml::cpu;
using model_type = uml::model<uml::network<uml::dynamic>, backend>;

static_assert(UML_INVALID_ARGUMENT == static_cast<int>(uml::errc::invalid_argument) &&
              UML_SELF_CHECK == static_cast<int>(uml::errc::self_check) &&
              UML_NOT_FINITE == static_cast<int>(uml::errc::not_finite) &&
              UML_CANCELLED == static_cast<int>(uml::errc::cancelled) &&
              UML_UNFAMILIAR == static_cast<int>(uml::trust::verdict::unfamiliar) &&
              UML_UNCERTAIN == static_cast<int>(uml::trust::verdict::uncertain));

/// Copies as much of a struct as both sides know; the caller's size stays.
template <class T> void give(T& to, T value) {
    const std::size_t known = to.struct_size < sizeof(T) ? to.struct_size : sizeof(T);
    value.struct_size = to.struct_size;
    std::memcpy(static_cast<void*>(&to), &value, known);
}
template <class T> [[nodiscard]] T take(const T& from) {
    T value{};
    std::memcpy(static_cast<void*>(&value), &from, from.struct_size < sizeof(T) ? from.struct_size : sizeof(T));
    return value;
}

int failed(const uml::error& e, uml_error* to) {
    if (to != nullptr) {
        uml_error value{};
        value.code = static_cast<int>(e.code);
        static_assert(sizeof value.what >= sizeof e.what.c_str()[0] * 384); // text<383> and its zero
        std::memcpy(value.what, e.what.c_str(), e.what.size() + 1);
        give(*to, value);
    }
    return static_cast<int>(e.code);
}
int lacks(const char* what, uml_error* to) {
    return failed(uml::fail(uml::errc::invalid_argument, {what, " is null, or its struct_size is not set"}), to);
}

template <class T> [[nodiscard]] bool unset(const T* p) { return p == nullptr || p->struct_size < sizeof(std::size_t); }

} // namespace

struct uml_model {
    model_type own;
};
struct uml_workspace {
    const model_type* model;
    model_type::workspace own;
};

extern "C" {

const char* uml_version(void) { return UML_VERSION_STRING; }

int uml_model_load(const char* path, const uml_options* options, uml_model** model, uml_error* error) {
    if (model == nullptr) return lacks("model", error);
    *model = nullptr;
    if (path == nullptr) return lacks("path", error);
    uml::load_options o;
    if (options != nullptr) {
        if (unset(options)) return lacks("options", error);
        const uml_options given = take(*options);
        o.self_check = given.skip_self_check == 0;
        if (given.max_arena_bytes < 0)
            return failed(uml::fail(uml::errc::invalid_argument,
                                    {"options: max_arena_bytes is ", given.max_arena_bytes, ", below 0"}),
                          error);
        if (given.max_arena_bytes > 0) o.max_arena_bytes = given.max_arena_bytes;
    }
    auto m = uml::load<uml::network<uml::dynamic>, backend>(path, o);
    if (!m) return failed(m.error(), error);
    *model = new (std::nothrow) uml_model{*std::move(m)};
    return *model != nullptr ? UML_OK : failed(uml::fail(uml::errc::out_of_memory, "no memory for the model"), error);
}

void uml_model_free(uml_model* model) { delete model; }

int uml_model_describe(const uml_model* model, uml_model_info* info, uml_error* error) {
    if (model == nullptr) return lacks("model", error);
    if (unset(info)) return lacks("info", error);
    const model_type& m = model->own;
    uml_model_info value{};
    value.height = m.height(), value.width = m.width(), value.channels = m.channels();
    value.classes = m.classes(), value.regions = m.regions();
    value.image_vacuity = m.screening().image_vacuity, value.pixel_vacuity = m.screening().pixel_vacuity;
    value.image_distance = m.screening().image_distance;
    give(*info, value);
    return UML_OK;
}

// Names end with a zero: labels are padded with them.
const char* uml_class_name(const uml_model* model, int number) {
    const auto name = model != nullptr ? model->own.class_name(number) : std::string_view{};
    return name.empty() ? "" : name.data();
}
const char* uml_region_name(const uml_model* model, int number) {
    const auto name = model != nullptr ? model->own.region_name(number) : std::string_view{};
    return name.empty() ? "" : name.data();
}

int uml_workspace_make(const uml_model* model, uml_workspace** workspace, uml_error* error) {
    if (workspace == nullptr) return lacks("workspace", error);
    *workspace = nullptr;
    if (model == nullptr) return lacks("model", error);
    auto w = model->own.make_workspace();
    if (!w) return failed(w.error(), error);
    *workspace = new (std::nothrow) uml_workspace{&model->own, *std::move(w)};
    return *workspace != nullptr ? UML_OK
                                 : failed(uml::fail(uml::errc::out_of_memory, "no memory for the workspace"), error);
}

void uml_workspace_free(uml_workspace* workspace) { delete workspace; }

int uml_run(uml_workspace* workspace, const uml_picture* picture, uml_answer* answer, uml_error* error) {
    if (workspace == nullptr) return lacks("workspace", error);
    if (unset(picture)) return lacks("picture", error);
    if (unset(answer)) return lacks("answer", error);
    const uml_picture p = take(*picture);
    const uml::image_view view =
        p.is_float != 0
            ? uml::image_view(static_cast<const float*>(p.pixels), p.height, p.width, p.channels, p.row_bytes)
            : uml::image_view(static_cast<const std::uint8_t*>(p.pixels), p.height, p.width, p.channels, p.row_bytes);
    const auto f = workspace->model->run(view, workspace->own);
    if (!f) return failed(f.error(), error);
    uml_answer value{};
    value.classes = f->diagnosis.classes(), value.predicted = -1;
    if (value.classes > 0) {
        value.predicted = f->diagnosis.predicted();
        value.accepted = f->accepted() ? 1 : 0;
        value.vacuity = f->diagnosis.vacuity();
        value.class_alpha = workspace->model->output(workspace->own, "cls_alpha").data;
    }
    value.height = f->height(), value.width = f->width(), value.regions = f->regions();
    value.region_logits = f->logits.data, value.region_logits_step = f->logits.step;
    value.pixel_vacuity = f->vacuity.data, value.pixel_vacuity_step = f->vacuity.step;
    value.verdict = static_cast<int>(f->verdict());
    value.verdict_text = f->verdict_text().data(); // of a literal, which ends with a zero
    value.kind_checked = f->familiarity ? 1 : 0;
    value.familiarity = static_cast<float>(f->familiarity.value_or(0));
    give(*answer, value);
    return UML_OK;
}

} // extern "C"
