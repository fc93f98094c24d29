# A program of several translation units on uml::compiled.
add_executable(consumer_compiled ../compiled/main.cpp ../compiled/load.cpp ../compiled/look.cpp)
target_link_libraries(consumer_compiled PRIVATE uml::compiled)
