// A folder of a test's own, empty at first and gone after it.
#pragma once

#include <filesystem>
#include <string>

namespace uml_test {

struct folder {
    std::filesystem::path path;
    explicit folder(const char* name)
        : path(std::filesystem::temp_directory_path() / ("uml-test-" + std::string(name))) {
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(path);
    }
    ~folder() { std::filesystem::remove_all(path); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
};

} // namespace uml_test
