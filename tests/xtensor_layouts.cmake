# The xtensor adapter against a stub tree with the header layout of xtensor 0.26 and newer, whichever xtensor is installed.
add_executable(uml-xtensor-layouts xtensor_layouts/layouts.cpp)
target_link_libraries(uml-xtensor-layouts PRIVATE uml::uml uml_dev_flags)
target_include_directories(uml-xtensor-layouts BEFORE PRIVATE xtensor_layouts/stub)
add_test(NAME xtensor.layouts COMMAND uml-xtensor-layouts)
