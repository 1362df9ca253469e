# cmake -DOUTPUT=file.cpp -DFOLDER=scenarios -P embed.cmake: the scenario files as string literals.
file(GLOB files ${FOLDER}/*.toml)
list(SORT files)
string(CONCAT text "// Made from sim/pio/scenarios/*.toml.\n#include <array>\n\n#include \"sim/pio/scenario/catalogue.h\"\n\n"
       "namespace southgate::pio {\n\nstd::span<const EmbeddedFile> embedded_scenarios() {\n"
       "    static constexpr auto files = std::to_array<EmbeddedFile>({\n")
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  file(READ ${file} content)
  string(APPEND text "        {\"${name}\", R\"toml(${content})toml\"},\n")
endforeach()
string(APPEND text "    });\n    return files;\n}\n\n}  // namespace southgate::pio\n")
file(WRITE ${OUTPUT} "${text}")
