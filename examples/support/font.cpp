#include "support/font.hpp"

#include <algorithm>
#include <cstddef>

namespace support {
namespace {

// Strokes are separated by spaces; a point is two digits of base 36, x and y. A stroke that begins with ~ is a curve:
// its inner points are the controls of quadratic pieces that meet halfway between them.
struct drawing {
    char character;
    int width;
    std::string_view strokes;
};

constexpr drawing drawings[] = {
    {'A', 12, "0g60cg 2aaa"},
    {'B', 10, "000g 0050 ~50909858 0868 ~68a8ag6g 6g0g"},
    {'C', 11, "~b3a0000gagbd"},
    {'D', 11, "000g 0050 ~50b0bg5g 5g0g"},
    {'E', 9, "90000g9g 0888"},
    {'F', 9, "90000g 0878"},
    {'G', 12, "~b3a0000gbgb9 b969"},
    {'H', 11, "000g b0bg 08b8"},
    {'I', 0, "000g"},
    {'J', 8, "808a ~8a8g0g0c"},
    {'K', 10, "000g 0aa0 46ag"},
    {'L', 9, "000g9g"},
    {'M', 12, "0g006ac0cg"},
    {'N', 11, "0g00bgb0"},
    {'O', 12, "~60c0cg0g0060"},
    {'P', 10, "000g 0050 ~50a0a959 5909"},
    {'Q', 12, "~60c0cg0g0060 8bdh"},
    {'R', 10, "000g 0050 ~50a0a959 5909 59ag"},
    {'S', 10, "~a3900008a8ag1g0d"},
    {'T', 12, "00c0 606g"},
    {'U', 11, "000a ~0a0gbgba bab0"},
    {'V', 12, "006gc0"},
    {'W', 16, "004g80cgg0"},
    {'X', 11, "00bg b00g"},
    {'Y', 12, "0068c0 686g"},
    {'Z', 11, "00b00gbg"},
    {'a', 9, "~9a95050g9g9b 959g"},
    {'b', 9, "000g ~0b0g9g95050a"},
    {'c', 9, "~9885050g8g9d"},
    {'d', 9, "~9a95050g9g9b 909g"},
    {'e', 9, "0a9a ~9a95050g8g9d"},
    {'f', 7, "~703035 353g 0565"},
    {'g', 9, "~9a95050g9g9b 959h ~9h9l1l1j"},
    {'h', 9, "000g ~0a05959a 9a9g"},
    {'i', 0, "050g 0101"},
    {'j', 3, "353h ~3h3l0l 3131"},
    {'k', 8, "000g 0c85 398g"},
    {'l', 0, "000g"},
    {'m', 14, "050g ~0a05757a 7a7g ~7a75e5ea eaeg"},
    {'n', 9, "050g ~0a05959a 9a9g"},
    {'o', 10, "~55a5ag0g0555"},
    {'p', 9, "050l ~0b0g9g95050a"},
    {'q', 9, "~9a95050g9g9b 959l"},
    {'r', 6, "050g ~0a0565"},
    {'s', 8, "~8775050a8a8g1g0e"},
    {'t', 6, "313c ~3c3g6g 0565"},
    {'u', 9, "050b ~0b0g9g9b 959g"},
    {'v', 10, "055ga5"},
    {'w', 14, "053g75bge5"},
    {'x', 9, "059g 950g"},
    {'y', 10, "055g a53l"},
    {'z', 8, "05850g8g"},
    {'0', 10, "~50a0ag0g0050"},
    {'1', 10, "2450 505g"},
    {'2', 10, "~0400a0a80g 0gag"},
    {'3', 10, "~0300909848 ~48a8ag0g0d"},
    {'4', 10, "7g700bab"},
    {'5', 10, "901007 ~0726a6ag0g0d"},
    {'6', 10, "~57a7ag0g0757 ~80010b"},
    {'7', 10, "00a03g"},
    {'8', 10, "~509098181050 ~58a8ag0g0858"},
    {'9', 10, "~50a0a9090050 ~a5af2g"},
    {' ', 4, ""},
    {'.', 0, "0g0g"},
    {',', 1, "1f0i"},
    {':', 0, "0g0g 0707"},
    {';', 1, "1f0i 1717"},
    {'-', 6, "0b6b"},
    {'_', 9, "0i9i"},
    {'/', 8, "0h80"},
    {'(', 4, "~40050d4i"},
    {')', 4, "~00454d0i"},
    {'[', 4, "40000i4i"},
    {']', 4, "00404i0i"},
    {'%', 14, "~306066060030 ~baeaeg8g8aba c02g"},
    {'+', 10, "565g 0bab"},
    {'=', 10, "08a8 0dad"},
    {'<', 9, "950b9h"},
    {'>', 9, "059b0h"},
    {'!', 0, "000a 0g0g"},
    {'?', 8, "~03008087474b 4g4g"},
    {'\'', 0, "0004"},
    {'"', 4, "0004 4044"},
    {'*', 8, "0884 0488 424a"},
    {'#', 10, "2g40 6g80 05a5 0bab"},
    {'&', 11, "bg24 ~24208084 ~8487080c ~0c0gagba"},
    {'|', 0, "000j"},
};
constexpr drawing unknown{'\0', 8, "00808g0g00"};

double digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::vector<font_point> smooth(const std::vector<font_point>& controls) {
    constexpr int pieces = 10;
    std::vector<font_point> line{controls.front()};
    font_point from = controls.front();
    for (std::size_t i = 1; i + 1 < controls.size(); ++i) {
        const font_point c = controls[i], next = controls[i + 1];
        const bool last = i + 2 == controls.size();
        const font_point to = last ? next : font_point{(c.x + next.x) / 2, (c.y + next.y) / 2};
        for (int n = 1; n <= pieces; ++n) {
            const double t = static_cast<double>(n) / pieces, s = 1 - t;
            line.push_back(
                {s * s * from.x + 2 * s * t * c.x + t * t * to.x, s * s * from.y + 2 * s * t * c.y + t * t * to.y});
        }
        from = to;
    }
    return line;
}

} // namespace

glyph glyph_of(char c) {
    const drawing* d = &unknown;
    for (const drawing& candidate : drawings)
        if (candidate.character == c) d = &candidate;
    glyph g{static_cast<double>(d->width), {}};
    for (std::size_t i = 0; i < d->strokes.size();) {
        const std::size_t end = std::min(d->strokes.find(' ', i), d->strokes.size());
        const bool curve = d->strokes[i] == '~';
        std::vector<font_point> points;
        for (std::size_t j = i + (curve ? 1 : 0); j + 1 < end; j += 2)
            points.push_back({digit(d->strokes[j]), digit(d->strokes[j + 1])});
        g.strokes.push_back(curve ? smooth(points) : points);
        i = end + 1;
    }
    return g;
}

} // namespace support
