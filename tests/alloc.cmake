# uml-alloc counts what running a model takes from the heap (nothing), and lets the heap refuse while one is loaded.
uml_program(uml-alloc alloc/main.cpp alloc/count.cpp)
add_test(NAME alloc COMMAND uml-alloc)
set_tests_properties(alloc PROPERTIES SKIP_RETURN_CODE 77)

# The same for a whole program, into which this is preloaded: programs/NAME_memory.sh. A sanitizer has a heap of its own.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
    add_library(uml-refuse MODULE alloc/refuse.cpp)
    target_link_libraries(uml-refuse PRIVATE uml_dev_flags)
    if(TARGET uml-analyze)
        add_dependencies(uml-analyze uml-refuse)
    endif()
endif()
