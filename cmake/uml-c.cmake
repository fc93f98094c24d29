# uml_c: the C API of include/uml.h as a shared library, which shows nothing else.
add_library(uml_c SHARED src/uml_c.cpp)
add_library(uml::c ALIAS uml_c)
target_link_libraries(uml_c PRIVATE $<BUILD_INTERFACE:uml::uml>)
target_include_directories(uml_c PUBLIC
    "$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:include>")
set_target_properties(uml_c PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    VERSION "${PROJECT_VERSION}" SOVERSION "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
if(NOT MSVC)
    # Nothing of the library throws: no exception crosses to C.
    target_compile_options(uml_c PRIVATE -fno-exceptions -fno-rtti $<$<CONFIG:,Debug>:-O2>)
endif()
if(UML_INSTALL)
    include(GNUInstallDirs)
    install(TARGETS uml_c)
    install(FILES include/uml.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
endif()
