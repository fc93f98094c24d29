# uml_single_header: the library as one file, single_header/uml.hpp in the build folder. UML_TEST_SINGLE_HEADER: build the
# unit tests against that file alone.
option(UML_TEST_SINGLE_HEADER "Build the unit tests against the single header" OFF)
mark_as_advanced(UML_TEST_SINGLE_HEADER)
find_package(Python3 QUIET COMPONENTS Interpreter)
if(NOT Python3_FOUND)
    uml_left_out("the target uml_single_header" "Python 3 (Debian: python3)")
    return()
endif()

set(uml_single_header "${PROJECT_BINARY_DIR}/single_header/uml.hpp")
set(uml_single_header_shims "${PROJECT_BINARY_DIR}/single_header/shims")
file(GLOB_RECURSE uml_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/uml/*.hpp" "${PROJECT_SOURCE_DIR}/include/uml/*.inc")
set(uml_make_single_header "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/scripts/single_header.py"
    "${PROJECT_SOURCE_DIR}/include" "${uml_single_header}" --shims "${uml_single_header_shims}")
add_custom_command(OUTPUT "${uml_single_header}" COMMAND ${uml_make_single_header}
    DEPENDS ${uml_headers} "${PROJECT_SOURCE_DIR}/scripts/single_header.py" VERBATIM)
add_custom_target(uml_single_header DEPENDS "${uml_single_header}")

if(UML_TEST_SINGLE_HEADER)
    set_target_properties(uml PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "$<BUILD_INTERFACE:${uml_single_header_shims}>")
    add_dependencies(uml uml_single_header)
    if(NOT EXISTS "${uml_single_header}")
        execute_process(COMMAND ${uml_make_single_header} COMMAND_ERROR_IS_FATAL ANY)
    endif()
endif()
