# What a device has to show beside parity; on the host's functions where the build has no CUDA backend. tests/cuda/run runs
# it on a GPU.
uml_program(uml-cuda-device cuda/device.cpp)
target_compile_options(uml-cuda-device PRIVATE ${UML_COMPUTE_OPTIONS})
add_test(NAME cuda.device COMMAND uml-cuda-device)
set_tests_properties(cuda.device PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
