# Warnings, sanitizers and coverage, the same for every room.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wswitch-enum
                    -Wnon-virtual-dtor -Woverloaded-virtual -Werror=unused-result)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -Wpedantic objects to the statement expressions behind TRY; __extension__ silences it there.
  add_compile_options(-fdiagnostics-color=auto)
endif()
if(SLIPWAY_WERROR)
  add_compile_options(-Werror)
endif()
if(SLIPWAY_SANITIZE)
  # g++ 12 takes what the sanitizers add for uses of uninitialized values; they find the real ones.
  add_compile_options(-fsanitize=${SLIPWAY_SANITIZE} -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=${SLIPWAY_SANITIZE})
endif()
if(SLIPWAY_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
if(SLIPWAY_CRASH_POINTS)
  add_compile_definitions(SLIPWAY_CRASH_POINTS=1)
endif()
