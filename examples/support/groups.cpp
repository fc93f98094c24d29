#include "support/groups.hpp"

#include "support/csv.hpp"
#include "support/files.hpp"

#include <algorithm>
#include <map>

namespace support {

uml::result<case_groups> read_groups(const std::filesystem::path& folder, std::string_view split,
                                     std::string_view column, const std::vector<std::string>& ids) {
    constexpr std::uintmax_t most_bytes = std::uintmax_t{64} << 20;
    const std::filesystem::path table = (split.empty() ? folder : folder / split) / "labels.csv";
    const std::string name = shown(table);
    const auto bytes = read_file(table, most_bytes);
    if (!bytes) return bytes.error();
    csv_reader reader({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    const auto first = reader.next();
    if (!first) return uml::fail(uml::errc::malformed, {name, " ", first.error().what.view()});
    if (!*first) return uml::fail(uml::errc::malformed, {name, ": empty"});
    const std::vector<std::string> head = **first;
    const auto place = [&](std::string_view wanted) {
        return static_cast<std::size_t>(std::find(head.begin(), head.end(), wanted) - head.begin());
    };
    const std::size_t id = place("id"), group = place(column);
    if (id == head.size() || group == head.size())
        return uml::fail(uml::errc::malformed,
                         {name, ": no column ", id == head.size() ? "id" : column, " in the header"});

    std::map<std::string, std::string> group_of;
    for (;;) {
        const auto record = reader.next();
        if (!record) return uml::fail(uml::errc::malformed, {name, " ", record.error().what.view()});
        if (!*record) break;
        const std::vector<std::string>& row = **record;
        if (row.size() <= std::max(id, group) || row[group].empty())
            return uml::fail(uml::errc::malformed,
                             {name, " line ", std::uint64_t{reader.line()}, ": nothing in column ", column});
        group_of[row[id]] = row[group];
    }
    std::map<std::string, std::uint32_t> number_of;
    case_groups groups;
    for (const std::string& wanted : ids) {
        const std::string& called = group_of[wanted];
        const auto [found, is_new] = number_of.emplace(called, static_cast<std::uint32_t>(groups.names.size()));
        if (is_new) groups.names.push_back(called);
        groups.of.push_back(found->second);
    }
    return groups;
}

} // namespace support
