"""Conan 2 recipe: a header-only package. `conan create .` needs no remote; the options below ask for theirs."""

import os
import re

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load

required_conan_version = ">=2.0"


class UmlConan(ConanFile):
    name = "uml"
    description = (
        "Header-only C++20 library for Uncertainty-informed Mutual Learning: "
        "joint classification and segmentation with honest confidence"
    )
    license = "MIT"
    topics = ("uncertainty", "evidential-deep-learning", "segmentation", "classification", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"with_eigen": [True, False], "with_onednn": [True, False], "with_xtensor": [True, False], "with_cuda": [True, False]}
    default_options = {"with_eigen": False, "with_onednn": False, "with_xtensor": False, "with_cuda": False}
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*", "scripts/single_header.py"
    no_copy_source = True

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include", "uml", "version.hpp"))
        self.version = re.search(r'UML_VERSION_STRING "([^"]+)"', header)[1]

    def requirements(self):
        if self.options.with_eigen:
            self.requires("eigen/[>=3.4]", transitive_headers=True)
        if self.options.with_xtensor:
            self.requires("xtensor/[>=0.24]", transitive_headers=True)
        # with_cuda requires nothing: the package brings the kernels, find_package(uml COMPONENTS cuda) compiles them with
        # the toolkit of the system.
        # with_onednn requires nothing: Conan Center has no recipe of oneDNN. It must be on the system.

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "EXAMPLES", "BENCH"):
            toolchain.cache_variables[f"UML_BUILD_{part}"] = False
        toolchain.generate()

    def build(self):
        CMake(self).configure()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_id(self):
        self.info.clear()

    def package_info(self):
        # The package's own config file makes the targets, with the optional parts where their packages are found.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("share", "uml")]
        self.cpp_info.set_property("pkg_config_name", "uml")
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
