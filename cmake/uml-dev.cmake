# What only this repo's own programs need: warnings, packages of tests and examples, and one function per kind of
# program. Nothing here is installed or exported.

if(PROJECT_IS_TOP_LEVEL)
    if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
        set(CMAKE_BUILD_TYPE Release)
    endif()
    # The kernels are written for -O2; -O3 takes nearly twice as long to compile.
    if(CMAKE_CXX_FLAGS_RELEASE STREQUAL "-O3 -DNDEBUG")
        set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
    endif()
    find_program(UML_CCACHE ccache)
    mark_as_advanced(UML_CCACHE)
    if(UML_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
        set(CMAKE_CXX_COMPILER_LAUNCHER "${UML_CCACHE}")
    endif()
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(UML_SHARED_DIR "${CMAKE_CURRENT_SOURCE_DIR}/../shared" CACHE PATH "Golden files and pictures; tests that need them skip without")
cmake_path(ABSOLUTE_PATH UML_SHARED_DIR NORMALIZE OUTPUT_VARIABLE uml_shared_dir)
# Paths as string literals, in a header for those who need them: as definitions they would part the compiler caches of
# two clones.
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/paths/uml_paths.hpp" CONTENT
    "#pragma once\n#define UML_SHARED_DIR \"${uml_shared_dir}\"\n#define UML_SOURCE_DIR \"${PROJECT_SOURCE_DIR}\"\n")

set(UML_TEST_ONLY "" CACHE STRING "Build only the unit tests whose file name matches")
option(UML_TEST_SOURCES "Also what one build per compiler is enough for: every header alone, the documents' code, one file under several flags" ON)
set(UML_COMPUTE_OPTIONS "" CACHE STRING "Further compiler options for what computes most, where a build that optimises nothing would be too slow")
mark_as_advanced(UML_TEST_ONLY UML_TEST_SOURCES UML_COMPUTE_OPTIONS)

add_library(uml_dev_flags INTERFACE)
if(MSVC)
    target_compile_options(uml_dev_flags INTERFACE /W4 /WX /permissive- /utf-8)
else()
    target_compile_options(uml_dev_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Werror
        # Where pointers have 32 bits, every 64-bit place in an arena becomes a smaller number.
        $<$<NOT:$<EQUAL:${CMAKE_SIZEOF_VOID_P},4>>:-Wconversion>
        # GCC 12 sees an overlap in std::string's operator+ that is not there (its bug 105651).
        $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
endif()

# Where the programs can know what they were built with: UML_WITH_EIGEN and so on. The library asks none of these.
add_library(uml_with_parts INTERFACE)
foreach(part IN LISTS uml_parts)
    if(TARGET uml_${part})
        string(TOUPPER ${part} upper)
        target_link_libraries(uml_with_parts INTERFACE uml::${part})
        target_compile_definitions(uml_with_parts INTERFACE UML_WITH_${upper}=1)
    endif()
endforeach()

# The kernels, and what loads models for tests, compiled once for all programs of this repo that link it. What tests the
# headers as their users compile them (odr, headers, must_fail, fma, embedded, compiled, consumers, bench/compile-budget)
# links uml::uml alone.
add_library(uml_kernels STATIC EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/src/kernels.cpp")
target_link_libraries(uml_kernels PUBLIC uml::uml PRIVATE uml_dev_flags)
target_compile_options(uml_kernels PRIVATE ${UML_COMPUTE_OPTIONS})
target_compile_definitions(uml_kernels PUBLIC UML_KERNELS_ELSEWHERE)
if(UML_BUILD_TESTS)
    target_sources(uml_kernels PRIVATE "${PROJECT_SOURCE_DIR}/tests/support/loaders.cpp")
endif()

find_package(Threads QUIET)
if(NOT TARGET OpenMP::OpenMP_CXX)
    find_package(OpenMP QUIET COMPONENTS CXX)
endif()
if(TARGET OpenMP::OpenMP_CXX)
    target_link_libraries(uml_with_parts INTERFACE OpenMP::OpenMP_CXX)
    target_compile_definitions(uml_with_parts INTERFACE UML_WITH_OPENMP=1)
else()
    uml_left_out("threads by OpenMP" "a compiler with OpenMP (Debian, for Clang: libomp-dev)")
endif()
find_package(doctest CONFIG QUIET)
find_package(benchmark CONFIG QUIET)
find_path(UML_STB_INCLUDE_DIR stb_image.h PATH_SUFFIXES stb)
mark_as_advanced(UML_STB_INCLUDE_DIR)

# uml_package_of(NAME OUT): the optional package that a file's name asks for ("tests/unit/xtensor_views.cpp" asks for
# xtensor), or nothing.
function(uml_package_of name out)
    set(${out} "" PARENT_SCOPE)
    get_filename_component(stem "${name}" NAME_WE)
    foreach(part IN LISTS uml_parts ITEMS openmp)
        if(stem MATCHES "(^|_)${part}(_|$)")
            set(${out} ${part} PARENT_SCOPE)
        endif()
    endforeach()
endfunction()

# uml_have(PACKAGE OUT): whether it was found here.
function(uml_have package out)
    set(${out} FALSE PARENT_SCOPE)
    if(package STREQUAL "" OR TARGET uml_${package} OR (package STREQUAL "openmp" AND TARGET OpenMP::OpenMP_CXX))
        set(${out} TRUE PARENT_SCOPE)
    endif()
endfunction()

# Links a target with what a package name stands for.
function(uml_link_package target package)
    if(package STREQUAL "openmp")
        target_link_libraries(${target} PRIVATE OpenMP::OpenMP_CXX)
    elseif(package)
        target_link_libraries(${target} PRIVATE uml::${package})
    endif()
endfunction()

# uml_program(NAME SOURCE...): a program of this repo, with our warnings and every optional part that is here.
# Sources whose name asks for a package that is absent are left out.
function(uml_program name)
    add_executable(${name})
    foreach(source IN LISTS ARGN)
        uml_package_of("${source}" package)
        uml_have("${package}" have)
        if(have)
            target_sources(${name} PRIVATE "${source}")
        endif()
    endforeach()
    target_link_libraries(${name} PRIVATE uml_kernels uml_dev_flags uml_with_parts)
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/examples" "${PROJECT_SOURCE_DIR}/tests"
        "${PROJECT_BINARY_DIR}/paths")
    if(TARGET Threads::Threads)
        target_link_libraries(${name} PRIVATE Threads::Threads)
    endif()
endfunction()

# uml_programs(PREFIX OUT): one program for every NAME.cpp and every folder NAME/ with sources in it, called PREFIX-NAME
# with - for _. OUT lists the targets.
function(uml_programs prefix out)
    file(GLOB singles CONFIGURE_DEPENDS *.cpp)
    file(GLOB grouped CONFIGURE_DEPENDS */*.cpp)
    set(folders)
    foreach(file IN LISTS grouped)
        get_filename_component(folder "${file}" DIRECTORY)
        list(APPEND folders "${folder}")
    endforeach()
    list(REMOVE_DUPLICATES folders)
    set(targets)
    foreach(entry IN LISTS singles folders)
        get_filename_component(stem "${entry}" NAME_WE)
        string(REPLACE "_" "-" target "${prefix}-${stem}")
        if(stem MATCHES "^(support|budget)$") # code of several programs; sources for bench/compile-budget
            continue()
        endif()
        uml_package_of("${entry}" package)
        uml_have("${package}" have)
        if(NOT have)
            continue()
        endif()
        set(sources ${entry})
        if(IS_DIRECTORY "${entry}")
            file(GLOB sources CONFIGURE_DEPENDS "${entry}/*.cpp")
        endif()
        uml_program(${target} ${sources})
        list(APPEND targets ${target})
    endforeach()
    set(${out} ${targets} PARENT_SCOPE)
endfunction()

# uml_test_folder(FOLDER PROGRAM LIBRARY...): a folder of doctest files as one program, and one ctest entry per file,
# FOLDER.FILE. Files whose name holds eigen, onednn, xtensor or openmp go into a program of their own (PROGRAM-eigen ...),
# so that PROGRAM itself needs nothing but the standard library.
function(uml_test_folder folder program)
    if(NOT TARGET doctest::doctest)
        uml_left_out("the tests in ${folder}" "doctest (Debian: doctest-dev; vcpkg, Conan: doctest)")
        return()
    endif()
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    list(REMOVE_ITEM sources "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/main.cpp")
    if(UML_TEST_SINGLE_HEADER) # these include file.hpp in a way of their own, which one header for all does not allow
        list(FILTER sources EXCLUDE REGEX "/io_(files|stdio)\\.cpp$")
    endif()
    if(UML_TEST_ONLY)
        list(FILTER sources INCLUDE REGEX "/${folder}/[^/]*(${UML_TEST_ONLY})[^/]*$")
    endif()
    add_library(${program}-main OBJECT ${folder}/main.cpp)
    target_link_libraries(${program}-main PRIVATE doctest::doctest)

    foreach(source IN LISTS sources)
        uml_package_of("${source}" package)
        if(package STREQUAL "cuda")
            message(FATAL_ERROR "${source}: builds without the part cuda, which are nearly all, would leave it out; what runs on the host needs another name")
        endif()
        uml_have("${package}" have)
        if(NOT have)
            continue()
        endif()
        set(target ${program})
        if(package)
            set(target ${program}-${package})
        endif()
        if(NOT TARGET ${target})
            add_executable(${target})
            target_link_libraries(${target} PRIVATE ${program}-main uml_kernels doctest::doctest uml_dev_flags ${ARGN})
            uml_link_package(${target} "${package}")
            if(TARGET Threads::Threads)
                target_link_libraries(${target} PRIVATE Threads::Threads)
            endif()
            target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/paths")
        endif()
        target_sources(${target} PRIVATE "${source}")
        get_filename_component(stem "${source}" NAME_WE)
        if(UML_COMPUTE_OPTIONS AND stem MATCHES "^(backend|kernels|numbers|trust)|graph_plan|model_(input|large)")
            set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS "${UML_COMPUTE_OPTIONS}")
        endif()
        add_test(NAME ${folder}.${stem} COMMAND ${target} "--source-file=*/${folder}/${stem}.cpp" --no-intro=true)
        # A filter that matches nothing must not pass for a test.
        set_tests_properties(${folder}.${stem} PROPERTIES TIMEOUT 600 FAIL_REGULAR_EXPRESSION "test cases: *0 ")
    endforeach()
endfunction()
