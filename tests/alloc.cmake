# uml-alloc counts what running a model takes from the heap (nothing), and lets the heap refuse while one is loaded.
uml_program(uml-alloc alloc/main.cpp alloc/count.cpp)
add_test(NAME alloc COMMAND uml-alloc)
set_tests_properties(alloc PROPERTIES SKIP_RETURN_CODE 77)
