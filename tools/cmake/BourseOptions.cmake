# How everything of ours is compiled: the language, the warnings, the hardening, the sanitizers.

set(BOURSE_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")
option(BOURSE_FAULTS "Compile the named fault points in" OFF)
option(BOURSE_COVERAGE "Measure line coverage" OFF)
option(BOURSE_FUZZ "Build the fuzz programs (clang)" OFF)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

add_library(bourse_options INTERFACE)
target_compile_definitions(bourse_options INTERFACE _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE)
target_compile_options(bourse_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wformat=2 -Wvla -Wundef -Werror -fstack-protector-strong -fno-omit-frame-pointer)
target_link_options(bourse_options INTERFACE -Wl,-z,relro,-z,now)
target_link_libraries(bourse_options INTERFACE Threads::Threads)

if(CMAKE_BUILD_TYPE MATCHES "Rel")
    target_compile_options(bourse_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(BOURSE_SANITIZE)
    # On the whole tree: a sanitizer that sees half of a program reports nonsense.
    add_compile_options(-fsanitize=${BOURSE_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${BOURSE_SANITIZE})
endif()
if(BOURSE_FAULTS)
    add_compile_definitions(BOURSE_FAULTS)
endif()
if(BOURSE_COVERAGE)
    add_compile_options(--coverage)
    add_link_options(--coverage)
endif()
if(BOURSE_FUZZ)
    # On the whole tree: the fuzzer looks for what reaches new code, wherever that is. (The C++ of the
    # benchmarks may have a compiler that knows no fuzzer.)
    add_compile_options($<$<COMPILE_LANGUAGE:C>:-fsanitize=fuzzer-no-link>)
endif()
