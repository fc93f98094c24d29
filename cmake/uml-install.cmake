# Install and export. Headers only, so nothing depends on the architecture: the package files go below share/.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(uml_package_dir "${CMAKE_INSTALL_DATADIR}/uml")

install(DIRECTORY include/uml DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.hpp" PATTERN "*.inc" PATTERN "*.cuh")
target_include_directories(uml INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")

install(TARGETS uml EXPORT uml-targets)
install(EXPORT uml-targets NAMESPACE uml:: DESTINATION "${uml_package_dir}")

configure_package_config_file(cmake/uml-config.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/uml-config.cmake"
    INSTALL_DESTINATION "${uml_package_dir}" NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before 1.0 a new minor version may change names.
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/uml-config-version.cmake"
    COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/uml-config.cmake" "${CMAKE_CURRENT_BINARY_DIR}/uml-config-version.cmake"
    src/compiled.cpp cmake/uml-compiled.cmake cmake/uml-parts.cmake cmake/uml-embed.cmake cmake/uml-prepare.cpp.in
    cmake/uml-embedded.hpp.in cmake/uml-cuda.cmake DESTINATION "${uml_package_dir}")
install(DIRECTORY src/cuda DESTINATION "${uml_package_dir}")

if(UML_INSTALL_WEIGHTS)
    file(GLOB uml_weights "${PROJECT_SOURCE_DIR}/weights/*.safetensors" "${PROJECT_SOURCE_DIR}/weights/*.md")
    install(FILES ${uml_weights} DESTINATION "${uml_package_dir}/weights")
endif()

# Relative to the .pc file itself, so that the installed tree can be moved.
file(RELATIVE_PATH uml_prefix_from_pc "/p/${CMAKE_INSTALL_DATADIR}/pkgconfig" "/p")
string(REGEX REPLACE "/$" "" uml_prefix_from_pc "${uml_prefix_from_pc}")
configure_file(cmake/uml.pc.in "${CMAKE_CURRENT_BINARY_DIR}/uml.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/uml.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/uml")
