# Turns numbered SQL files into a C table of struct migration. SQL text becomes byte lists, so that no
# character needs quoting and no compiler's limit on string literals is met.
set(text "#include \"database/migration.h\"\n\n")
set(table "")
list(SORT FILES COMPARE NATURAL)
set(count 0)
foreach(file IN LISTS FILES)
    get_filename_component(base ${file} NAME)
    string(REGEX MATCH "^[0-9]+" number ${base})
    string(REGEX REPLACE "^0+" "" number ${number})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND text "static const char sql_${number}[] = {${bytes}0};\n")
    string(APPEND table "    {${number}, \"${base}\", sql_${number}},\n")
    math(EXPR count "${count} + 1")
endforeach()
string(APPEND text
    "\nextern const struct migration ${NAME}_migrations[];\nextern const size_t ${NAME}_migration_count;\n"
    "const struct migration ${NAME}_migrations[] = {\n${table}};\nconst size_t ${NAME}_migration_count = ${count};\n")
file(WRITE ${OUTPUT} "${text}")
