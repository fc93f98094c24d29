// Reads the numbers that tests/data/make_metrics_oracle.py and make_evidence_oracle.py wrote.
#pragma once

#include "uml_paths.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace oracle {

inline std::ifstream open(const std::string& name, const std::string& folder = "metrics") {
    std::ifstream file(std::string(UML_SOURCE_DIR) + "/tests/data/" + folder + "/" + name);
    REQUIRE_MESSAGE(file.good(), name);
    return file;
}

/// All rows of numbers below the header line.
inline std::vector<std::vector<double>> table(const std::string& name, const std::string& folder = "metrics") {
    std::ifstream file = open(name, folder);
    std::vector<std::vector<double>> rows;
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::istringstream words(line);
        rows.emplace_back();
        for (double x = 0; words >> x;) rows.back().push_back(x);
    }
    return rows;
}

/// Lines of a name and a number.
inline std::map<std::string, double> values(const std::string& name) {
    std::ifstream file = open(name);
    std::map<std::string, double> result;
    std::string key;
    for (double x = 0; file >> key >> x;) result[key] = x;
    return result;
}

} // namespace oracle
