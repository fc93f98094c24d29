#include "parts.hpp"

int predicted(const any_model& model, any_model::workspace& workspace, const unsigned char* pixels) {
    const auto found = model.run({pixels, model.height(), model.width(), model.channels()}, workspace);
    return found ? found->diagnosis.predicted() : -1;
}
