# uml-alloc counts what running a model takes from the heap (nothing), and lets the heap refuse while one is loaded.
uml_program(uml-alloc alloc/main.cpp alloc/count.cpp)
add_test(NAME alloc COMMAND uml-alloc)
set_tests_properties(alloc PROPERTIES SKIP_RETURN_CODE 77)

# The same for a whole program, into which this is preloaded: programs/NAME_memory.sh; and its calls of the system fail: programs/NAME_calls.sh. A sanitizer has a heap of its own.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
    add_library(uml-refuse MODULE alloc/refuse.cpp)
    add_library(uml-refuse-calls MODULE alloc/calls.cpp)
    foreach(preloaded uml-refuse uml-refuse-calls)
        target_link_libraries(${preloaded} PRIVATE uml_dev_flags)
        if(TARGET uml-analyze)
            add_dependencies(uml-analyze ${preloaded})
        endif()
    endforeach()
endif()
