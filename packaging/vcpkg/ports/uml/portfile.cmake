set(VCPKG_BUILD_TYPE release) # header-only

vcpkg_from_github(
    OUT_SOURCE_PATH SOURCE_PATH
    REPO OWNER/uml
    REF "v${VERSION}"
    SHA512 0
    HEAD_REF main
)

vcpkg_check_features(
    OUT_FEATURE_OPTIONS FEATURE_OPTIONS
    FEATURES
        tools UML_BUILD_EXAMPLES
        tools UML_INSTALL_TOOLS
    INVERTED_FEATURES
        eigen CMAKE_DISABLE_FIND_PACKAGE_Eigen3
        onednn CMAKE_DISABLE_FIND_PACKAGE_dnnl
        xtensor CMAKE_DISABLE_FIND_PACKAGE_xtensor
)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        ${FEATURE_OPTIONS}
        -DUML_BUILD_TESTS=OFF
        -DUML_BUILD_BENCH=OFF
        -DUML_PICTURE_LIBRARIES= # what lies on the machine must not decide
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/uml)
vcpkg_fixup_pkgconfig()

if("tools" IN_LIST FEATURES)
    vcpkg_copy_tools(TOOL_NAMES uml-analyze uml-calibrate uml-evaluate AUTO_CLEAN)
endif()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/lib" "${CURRENT_PACKAGES_DIR}/share/licenses")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
