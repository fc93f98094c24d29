# Debian's gcc-arm-none-eabi and libstdc++-arm-none-eabi-newlib for a Cortex-M7 with a double-precision unit; programs run
# under qemu-system-arm, on the board mps2-an500, with semihosting.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR cortex-m7)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_CXX_FLAGS_INIT "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16")
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-system-arm -M mps2-an500 -cpu cortex-m7 -nographic -monitor none -serial none
    -semihosting-config enable=on,target=native -kernel)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
