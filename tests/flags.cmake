# The right numbers under flags that let a compiler change them, and quiet headers under strict warnings and among
# macros: see flags/.
if(MSVC OR CMAKE_CROSSCOMPILING)
    return()
endif()
set(numeric_flags "-ffast-math" "-Ofast" "-funsafe-math-optimizations")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND numeric_flags "-m32 -mfpmath=387")
endif()
foreach(compiler IN ITEMS g++ clang++)
    find_program(UML_FLAGS_${compiler} ${compiler})
    mark_as_advanced(UML_FLAGS_${compiler})
    if(NOT UML_FLAGS_${compiler})
        continue()
    endif()
    foreach(kind IN ITEMS macros warnings)
        add_test(NAME flags.${kind}.${compiler} COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/flags/headers"
            "${UML_FLAGS_${compiler}}" "${PROJECT_SOURCE_DIR}/include" ${kind})
        set_tests_properties(flags.${kind}.${compiler} PROPERTIES LABELS text TIMEOUT 300)
    endforeach()
    foreach(flags IN LISTS numeric_flags)
        if(compiler STREQUAL "clang++" AND flags MATCHES "387") # Clang has no such option
            set(flags "-m32 -mno-sse")
        endif()
        string(REPLACE " " ";" list "${flags}")
        string(REPLACE " " "" name "${flags}")
        add_test(NAME flags.numbers.${compiler}${name}
            COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/flags/check" "${UML_FLAGS_${compiler}}" "${PROJECT_SOURCE_DIR}" ${list})
        set_tests_properties(flags.numbers.${compiler}${name} PROPERTIES LABELS "slow;text" SKIP_RETURN_CODE 77 TIMEOUT 600)
    endforeach()
    # Many more flags, on a network that compiles in seconds: a few in every run, all in ./test --long.
    set(flags_often "-ffinite-math-only" "refused: -fpack-struct=1")
    set(flags_all "-frounding-math" "-fno-signed-zeros" "-fassociative-math -fno-signed-zeros -fno-trapping-math"
        "-freciprocal-math" "-ftrapv" "-fwrapv -fno-strict-aliasing" "-D_GLIBCXX_DEBUG" "-D_GLIBCXX_ASSERTIONS"
        "-fshort-enums" "-funsigned-char" "-fno-threadsafe-statics" "-std=gnu++20" "-O0")
    if(compiler STREQUAL "clang++")
        list(APPEND flags_often "refused: -cl-single-precision-constant")
        list(APPEND flags_all "-fno-honor-nans" "-fno-honor-infinities" "-fapprox-func" "-ffp-model=fast"
            "-ffp-model=strict" "-ffp-exception-behavior=strict" "-std=c++2b")
    else()
        list(APPEND flags_often "refused: -fsingle-precision-constant")
        list(APPEND flags_all "-fsignaling-nans" "-fcx-limited-range" "-ffloat-store" "-fno-builtin" "-std=c++23")
    endif()
    foreach(kind IN ITEMS often all)
        add_test(NAME flags.small.${kind}.${compiler} COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/flags/small"
            "${PROJECT_SOURCE_DIR}" "${UML_FLAGS_${compiler}}" ${flags_${kind}})
        set_tests_properties(flags.small.${kind}.${compiler} PROPERTIES LABELS "slow;text" TIMEOUT 1800)
    endforeach()
    set_tests_properties(flags.small.all.${compiler} PROPERTIES LABELS "long;text")
endforeach()
