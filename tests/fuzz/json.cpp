// Any bytes as a JSON document: what is accepted can be walked, and is JSON again when written.
#include "uml/io/json_value.hpp"
#include "uml/io/json_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

namespace json = uml::json;

void require(bool holds) {
    if (!holds) std::abort();
}

/// Writes the value again and uses every accessor on the way. `outside` objects and arrays are open.
void copy(const json::value& v, json::writer<std::string>& out, int outside = 0) {
    const bool opens = v.type() == json::kind::object || v.type() == json::kind::array;
    require(!opens || outside < json::limits{}.depth);
    switch (v.type()) {
    case json::kind::object:
        out.begin_object();
        for (const auto [key, item] : v.members()) {
            const auto name = key.string<4096>();
            out.key(name ? name->view() : "a long one");
            copy(item, out, outside + 1);
        }
        out.end_object();
        return;
    case json::kind::array:
        out.begin_array();
        for (const auto item : v.items()) copy(item, out, outside + 1);
        out.end_array();
        return;
    case json::kind::string: {
        const auto s = v.string<4096>();
        require(!s || v.says(s->view()));
        out.value(s ? s->view() : "a long one");
        return;
    }
    case json::kind::number:
        if (const auto n = v.integer())
            out.value(*n);
        else
            out.value(v.number().value_or(0));
        return;
    case json::kind::boolean: out.value(v.boolean().value()); return;
    case json::kind::null: out.null(); return;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto document = json::parse(text, "input");
    if (!document) {
        require(!document.error().what.empty());
        return 0;
    }
    std::string first, second;
    json::writer<std::string> once(first), again(second, 2);
    copy(*document, once);
    const auto copied = json::parse(first, "copy");
    require(copied.has_value());
    copy(*copied, again);
    require(json::parse(second, "indented copy").has_value());
    return 0;
}
