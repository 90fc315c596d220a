# Debian's libcivetweb-dev has a CMake config that fails without the civetweb program, and no .pc file.
# Defines Civetweb::civetweb.
include(FindPackageHandleStandardArgs)
find_path(Civetweb_INCLUDE_DIR NAMES civetweb.h)
find_library(Civetweb_LIBRARY NAMES civetweb)
if(Civetweb_INCLUDE_DIR)
    file(STRINGS "${Civetweb_INCLUDE_DIR}/civetweb.h" Civetweb_VERSION_LINE REGEX "#define CIVETWEB_VERSION \"")
    string(REGEX REPLACE ".*\"([0-9.]+)\".*" "\\1" Civetweb_VERSION "${Civetweb_VERSION_LINE}")
endif()
find_package_handle_standard_args(Civetweb
    REQUIRED_VARS Civetweb_LIBRARY Civetweb_INCLUDE_DIR VERSION_VAR Civetweb_VERSION)
if(Civetweb_FOUND AND NOT TARGET Civetweb::civetweb)
    find_package(Threads REQUIRED)
    add_library(Civetweb::civetweb UNKNOWN IMPORTED)
    set_target_properties(Civetweb::civetweb PROPERTIES
        IMPORTED_LOCATION "${Civetweb_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${Civetweb_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS}")
endif()
