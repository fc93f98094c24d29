# The optional parts of uml: which package each needs, and who has it. Used by the source tree and by the installed
# package, so that both find the same things in the same way.

set(uml_parts eigen onednn xtensor cuda)
set(uml_eigen_hint "Eigen 3.4 or newer (Debian: libeigen3-dev; vcpkg, Conan: eigen)")
set(uml_onednn_hint "oneDNN 2.6 or newer with OpenMP (Debian: libdnnl-dev, with Clang also libomp-dev; PyPI: onednn-devel-cpu-gomp; vcpkg: onednn)")
set(uml_cuda_hint "CUDA 12 or newer, and to be asked for: -DUML_PARTS=cuda, or the component cuda of find_package")
set(uml_xtensor_hint "xtensor 0.24 or newer (Debian: libxtensor-dev; vcpkg, Conan: xtensor)")

# Notes what was left out and what would bring it.
function(uml_left_out what hint)
    set_property(GLOBAL APPEND PROPERTY UML_LEFT_OUT "  ${what}: needs ${hint}")
endfunction()

function(uml_report_left_out)
    get_property(lines GLOBAL PROPERTY UML_LEFT_OUT)
    if(lines)
        list(REMOVE_DUPLICATES lines)
        list(JOIN lines "\n" lines)
        message(STATUS "uml: left out\n${lines}")
    endif()
endfunction()

# Sets uml_PART_FOUND and uml_PART_libraries. Further arguments (GLOBAL) go to find_package. Macros, because packages
# set variables and make targets that must be seen by the caller.
macro(uml_find_part part)
    set(uml_${part}_FOUND FALSE)
    cmake_language(CALL uml_find_${part} ${ARGN})
    if(NOT uml_${part}_FOUND)
        uml_left_out("uml::${part}" "${uml_${part}_hint}")
    endif()
endmacro()

macro(uml_find_eigen)
    # No version in the call: the version file of Eigen 5 refuses a request for 3.4.
    if(NOT TARGET Eigen3::Eigen)
        find_package(Eigen3 CONFIG QUIET ${ARGN})
    endif()
    if(TARGET Eigen3::Eigen AND NOT "${Eigen3_VERSION}" VERSION_LESS 3.4)
        set(uml_eigen_FOUND TRUE)
        set(uml_eigen_libraries Eigen3::Eigen)
    endif()
endmacro()

macro(uml_find_onednn)
    if(NOT TARGET OpenMP::OpenMP_CXX)
        find_package(OpenMP QUIET COMPONENTS CXX ${ARGN})
    endif()
    # Debian's dnnl-config.cmake ends the configuration where OpenCL's headers are absent: then look without it.
    find_package(OpenCL QUIET ${ARGN})
    if(NOT TARGET DNNL::dnnl AND OpenCL_FOUND)
        find_package(dnnl CONFIG QUIET ${ARGN})
    endif()
    if(NOT TARGET DNNL::dnnl)
        find_path(UML_DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.h)
        find_library(UML_DNNL_LIBRARY dnnl)
        mark_as_advanced(UML_DNNL_INCLUDE_DIR UML_DNNL_LIBRARY)
        if(UML_DNNL_INCLUDE_DIR AND UML_DNNL_LIBRARY)
            add_library(DNNL::dnnl UNKNOWN IMPORTED ${ARGN})
            set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION "${UML_DNNL_LIBRARY}"
                INTERFACE_INCLUDE_DIRECTORIES "${UML_DNNL_INCLUDE_DIR}")
        endif()
    endif()
    if(TARGET DNNL::dnnl AND TARGET OpenMP::OpenMP_CXX)
        set(uml_onednn_FOUND TRUE)
        set(uml_onednn_libraries DNNL::dnnl OpenMP::OpenMP_CXX)
    endif()
endmacro()

# Only where it is asked for: it takes a compiler of its own.
macro(uml_find_cuda)
    if(("cuda" IN_LIST UML_PARTS OR "cuda" IN_LIST uml_FIND_COMPONENTS) AND CMAKE_CXX_COMPILER_LOADED)
        include("${uml_cuda_script}")
    endif()
endmacro()

macro(uml_find_xtensor)
    if(NOT TARGET xtensor)
        find_package(xtensor CONFIG QUIET ${ARGN})
    endif()
    if(TARGET xtensor AND NOT "${xtensor_VERSION}" VERSION_LESS 0.24)
        set(uml_xtensor_FOUND TRUE)
        set(uml_xtensor_libraries xtensor)
    endif()
endmacro()
