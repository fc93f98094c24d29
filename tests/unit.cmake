# The library's own tests: unit/*.cpp, one ctest entry per file.
uml_test_folder(unit uml-unit)
