# The kernels of the CUDA backend and what they need, for uml::cuda: a static library of the project that uses it, built for
# CMAKE_CUDA_ARCHITECTURES, by default every kind of device from compute capability 8.0 on that the compiler knows. Sets
# uml_cuda_FOUND and uml_cuda_libraries.

if(DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(uml_cuda_architectures "${CMAKE_CUDA_ARCHITECTURES}")
endif()
include(CheckLanguage)
check_language(CUDA)
if(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
    find_package(CUDAToolkit QUIET)
endif()
if(CUDAToolkit_FOUND AND NOT CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12)
    if(NOT DEFINED uml_cuda_architectures)
        set(uml_cuda_architectures 80-real 86-real 87-real 89-real 90a-real)
        if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.8)
            list(APPEND uml_cuda_architectures 90-virtual)
        else()
            list(APPEND uml_cuda_architectures 100-real 120)
        endif()
    endif()
    if(NOT TARGET uml_cuda_kernels)
        add_library(uml_cuda_kernels STATIC EXCLUDE_FROM_ALL "${uml_cuda_sources}/group.cu" "${uml_cuda_sources}/kernels.cu"
            "${uml_cuda_sources}/tile.cu")
        if(uml_cuda_architectures MATCHES "90a")
            target_compile_definitions(uml_cuda_kernels PRIVATE UML_CUDA_HOPPER)
        endif()
        target_link_libraries(uml_cuda_kernels PUBLIC uml::uml CUDA::cudart_static)
        set_target_properties(uml_cuda_kernels PROPERTIES POSITION_INDEPENDENT_CODE ON
            CUDA_ARCHITECTURES "${uml_cuda_architectures}")
        # By the flag: CMake 3.25 does not know that the compiler has C++20.
        target_compile_options(uml_cuda_kernels PRIVATE -std=c++20)
    endif()
    set(uml_cuda_FOUND TRUE)
    set(uml_cuda_libraries uml_cuda_kernels)
endif()
unset(uml_cuda_architectures)
