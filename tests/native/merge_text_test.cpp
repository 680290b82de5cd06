#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "codec/text.hpp"
#include "conflict/elements.hpp"
#include "conflict/text.hpp"

using namespace holdfast;

namespace {

struct Case {
  std::string base, mine, theirs;
};

TextMerge merge(const Case& sides) { return merge_text(sides.base, sides.mine, sides.theirs); }

/// The text, if nothing overlaps.
std::string merged(const std::string& base, const std::string& mine, const std::string& theirs) {
  const TextMerge merge = merge_text(base, mine, theirs);
  return merge.overlaps ? "overlap: " + merge.text : merge.text;
}

std::string in_words(const std::string& text) {
  std::string shown;
  std::size_t begin = 0;
  for (const std::size_t end : word_ends(text)) {
    shown += (shown.empty() ? "" : "|") + text.substr(begin, end - begin);
    begin = end;
  }
  return shown;
}

std::string print(const Case& sides) {
  return print_json(nlohmann::json{{"base", sides.base}, {"mine", sides.mine}, {"theirs", sides.theirs}});
}

using Tokens = std::vector<std::string>;

/// Words of several scripts, and what stands between them.
const Tokens kWords = {"ring", "twice", "leave", "door", "10:30", "10:45", "11:30", "don't", "été", "дом",
                       "код",  "кит",   "タクシー", "👩‍🚒",    "👨‍🚒",    "🇩🇪",    "42",    "4.2"};
const Tokens kBetween = {" ", " ", " ", "\n", "\n", "\r\n", ", ", ". ", "! ", "\n\n", "  "};
/// 北 and 挗 differ in the first of their three bytes, 北 and 化 in the last.
const Tokens kHan = {"北", "挗", "化", "南", "請", "放", "、", "。", "の"};

std::string joined(const Tokens& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token;
  return text;
}

const std::string& one_of(const Tokens& tokens, Random& random) {
  return tokens[static_cast<std::size_t>(random.up_to(static_cast<Millis>(tokens.size()) - 1))];
}

Tokens random_tokens(Random& random, Millis most, bool with_han) {
  Tokens tokens;
  for (Millis n = random.up_to(most); n > 0; --n) {
    const bool han = with_han && random.up_to(2) == 0;
    tokens.push_back(one_of(han ? kHan : kWords, random));
    if (!han && random.up_to(9) > 0) tokens.push_back(one_of(kBetween, random));
  }
  return tokens;
}

Tokens edited(Tokens tokens, Random& random, bool with_han) {
  for (Millis n = random.up_to(2); n >= 0; --n) {
    const auto at = random.up_to(static_cast<Millis>(tokens.size()));
    const auto length = random.up_to(std::min<Millis>(2, static_cast<Millis>(tokens.size()) - at));
    tokens.erase(tokens.begin() + at, tokens.begin() + at + length);
    const Tokens more = random_tokens(random, 1, with_han);
    tokens.insert(tokens.begin() + at, more.begin(), more.end());
  }
  return tokens;
}

Case random_case(Random& random, bool with_han = true) {
  const Tokens base = random_tokens(random, 12, with_han);
  if (random.up_to(9) == 0) {
    return {joined(base), joined(random_tokens(random, 12, with_han)), joined(random_tokens(random, 12, with_han))};
  }
  return {joined(base), joined(edited(base, random, with_han)), joined(edited(base, random, with_han))};
}

/// Words by a rule of their own: what stands between blanks and the marks that the random texts have.
std::multiset<std::string> words_of(const std::string& text) {
  std::multiset<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n\r,.!", at), text.size());
    if (end > at) words.insert(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

std::set<std::string> code_points_of(const std::string& text) {
  std::set<std::string> points;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    points.insert(text.substr(at, end - at));
    at = end;
  }
  return points;
}

}  // namespace

TEST_CASE("Notes of a delivery: what two people wrote in different places is in the result") {
  const char* note = "Flat 3, second floor.\nRing once.\nThe dog is friendly.\n";
  CHECK(merged(note, "Flat 3, second floor.\nRing twice.\nThe dog is friendly.\n",
               "Flat 3, second floor.\nRing once.\nThe dog is friendly.\nLeave at door.\n") ==
        "Flat 3, second floor.\nRing twice.\nThe dog is friendly.\nLeave at door.\n");
  // In neighbouring lines, and in one line.
  CHECK(merged(note, "Flat 3, third floor.\nRing once.\nThe dog is friendly.\n",
               "Flat 3, second floor.\nRing twice.\nThe dog is friendly.\n") ==
        "Flat 3, third floor.\nRing twice.\nThe dog is friendly.\n");
  CHECK(merged("Deliver to flat 3.", "Ring twice. Deliver to flat 3.", "Deliver to flat 3. Leave at door.") ==
        "Ring twice. Deliver to flat 3. Leave at door.");
  CHECK(merged("Ring once, then leave it at the door", "Ring twice, then leave it at the door",
               "Ring once, then leave it at the gate") == "Ring twice, then leave it at the gate");
}

TEST_CASE("Notes of a delivery: two notes where there was none are both set out") {
  const TextMerge merge = merge_text("", "Ring twice", "leave at door");
  CHECK(merge.overlaps);
  CHECK(merge.text == "<<<<<<< mine\nRing twice\n||||||| base\n=======\nleave at door\n>>>>>>> theirs\n");
  // What only one wrote, or both, needs nobody to choose.
  CHECK(merged("", "Ring twice", "") == "Ring twice");
  CHECK(merged("", "Ring twice", "Ring twice") == "Ring twice");
}

TEST_CASE("Lines whose words overlap are set out whole, and those around them are merged") {
  const TextMerge merge = merge_text("Gate code 1234\nRing once\nThanks\n", "Gate code 1234\nRing twice\nThanks\n",
                                     "Gate code 9876\n\nRing three times\nThanks a lot\n");
  CHECK(merge.overlaps);
  CHECK(merge.text ==
        "<<<<<<< mine\nGate code 1234\nRing twice\nThanks\n"
        "||||||| base\nGate code 1234\nRing once\nThanks\n"
        "=======\nGate code 9876\n\nRing three times\nThanks a lot\n"
        ">>>>>>> theirs\n");
  CHECK(merge_text("a\nb\nc\nd\ne\n", "A\nb\nx\nd\ne\n", "a\nb\ny\nd\nE\n").text ==
        "A\nb\n<<<<<<< mine\nx\n||||||| base\nc\n=======\ny\n>>>>>>> theirs\nd\nE\n");
}

TEST_CASE("Edit against delete, and delete against delete") {
  CHECK(merged("one\ntwo\nthree\n", "one\nthree\n", "one\nthree\n") == "one\nthree\n");
  CHECK(merged("one\ntwo\nthree\n", "", "") == "");
  const TextMerge merge = merge_text("one\ntwo\nthree\n", "one\nthree\n", "one\ntwo!\nthree\n");
  CHECK(merge.overlaps);
  CHECK(merge.text == "one\n<<<<<<< mine\n||||||| base\ntwo\n=======\ntwo!\n>>>>>>> theirs\nthree\n");
}

TEST_CASE("Ends of lines survive") {
  CHECK(merged("a\r\nb\r\nc\r\n", "A\r\nb\r\nc\r\n", "a\r\nb\r\nC\r\n") == "A\r\nb\r\nC\r\n");
  CHECK(merged("a\nb\nc", "A\nb\nc", "a\nb\nC") == "A\nb\nC");
  CHECK(merged("a\nb\nc", "a\nb\nc\n", "A\nb\nc") == "A\nb\nc\n");
  // One side's editor wrote all ends anew, the other's changed a word.
  CHECK(merged("ring once please\nthanks\n", "ring once please\r\nthanks\r\n", "ring twice please\nthanks\n") ==
        "ring twice please\r\nthanks\r\n");
  // The markers have the text's own.
  CHECK(merge_text("a\r\nb\r\nc", "a\r\nx\r\nc", "a\r\ny\r\nc").text ==
        "a\r\n<<<<<<< mine\r\nx\r\n||||||| base\r\nb\r\n=======\r\ny\r\n>>>>>>> theirs\r\nc");
  CHECK(merge_text("a\nb", "a\nx", "a\ny").text ==
        "a\n<<<<<<< mine\nx\n||||||| base\nb\n=======\ny\n>>>>>>> theirs\n");
}

TEST_CASE("Nothing, and nothing but blanks") {
  CHECK(merged("", "", "") == "");
  CHECK(merged(" ", "", " ") == "");
  CHECK(merged("  \n\n", "  \n", "  \n\n") == "  \n");
  CHECK(merged("a b", "a  b", "a b\n") == "a  b\n");
  CHECK(merge_text(" ", "  ", "\t").overlaps);
}

TEST_CASE("Emoji stay whole") {
  CHECK(merged("Thanks 👍 see you 🚪", "Thanks 👍🏽 see you 🚪", "Thanks 👍 see you 🏠") == "Thanks 👍🏽 see you 🏠");
  // Half of one and half of another would be a third: woman and man, fire engine and rocket.
  CHECK(merge_text("👩‍🚒", "👨‍🚒", "👩‍🚀").overlaps);
  CHECK(merge_text("🇩🇪", "🇫🇪", "🇩🇷").overlaps);
}

TEST_CASE("Chinese is merged by the character, but changes that touch overlap") {
  CHECK(merged("請放在門口，謝謝。", "請放在樓下，謝謝。", "請放在門口，多謝。") == "請放在樓下，多謝。");
  CHECK(merge_text("北京", "南京", "北海").overlaps);
  CHECK(merged("駅で待つ", "駅前で待つ", "駅で待ちます") == "駅前で待ちます");
}

TEST_CASE("Times, amounts and words with a mark inside are one thing each") {
  CHECK(merge_text("at 10:30", "at 11:30", "at 10:45").overlaps);
  CHECK(merge_text("tip 3.50", "tip 4.50", "tip 3.80").overlaps);
  CHECK(merge_text("1,500", "2,500", "1,700").overlaps);
  CHECK(merge_text("2026-05-01", "2027-05-01", "2026-05-02").overlaps);
  CHECK(merge_text("don't", "can't", "don'ts").overlaps);
  CHECK(merge_text("дом", "том", "док").overlaps);
  CHECK(merged("soup,bread", "stew,bread", "soup,rice") == "stew,rice");
}

TEST_CASE("Elements of a line") {
  CHECK(in_words("") == "");
  CHECK(in_words("Ring twice, don't knock!") == "Ring| |twice|,| |don't| |knock|!");
  CHECK(in_words("at 10:30, 3.50 or 1,000; a,b") == "at| |10:30|,| |3.50| |or| |1,000|;| |a|,|b");
  CHECK(in_words("2026-05-01 me@x.example a/b.") == "2026-05-01| |me@x.example| |a/b|.");
  CHECK(in_words("-5 'tis 5.. a--b") == "-|5| |'|tis| |5|.|.| |a|-|-|b");
  CHECK(in_words(" \t\r\n\n  x\r") == " \t|\r\n|\n|  |x|\r");
  CHECK(in_words("Tür дом ลาก่อน 안녕 l’été") == "Tür| |дом| |ลาก่อน| |안녕| |l’été");
  CHECK(in_words("東京タワーのA棟、3階") == "東|京|タワー|の|A|棟|、|3|階");
  CHECK(in_words("«oui»—“no”…") == "«|oui|»|—|“|no|”|…");
  CHECK(in_words("👩‍🚒👍🏽 ‼️x") == "👩‍🚒👍🏽| |‼️|x");
  CHECK(in_words("か\u3099x葛\U000E0100城") == "か\u3099|x|葛\U000E0100|城");  // what combines stays with its base
  CHECK(in_words("a\xff\xe4\xb8 \xc3") == "a\xff\xe4\xb8| |\xc3");  // no UTF-8, but no reason to stop
}

TEST_CASE("Lines") {
  using Ends = std::vector<std::size_t>;
  CHECK(line_ends("") == Ends{});
  CHECK(line_ends("a") == Ends{1});
  CHECK(line_ends("a\n") == Ends{2});
  CHECK(line_ends("a\r\n\nb") == Ends{3, 4, 5});
}

TEST_CASE("Pieces have the same number if they are equal, and only then, however full the table is") {
  const std::size_t most = 5'000;
  std::vector<std::string> pieces;
  for (std::size_t i = 0; i < most; ++i) pieces.push_back(std::to_string(i));
  Numbering numbering(most);
  for (std::uint32_t round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < most; ++i) CHECK(numbering.number_of(pieces[i]) == i);
  }
  // More than were announced: no slot is free any more.
  Numbering small(1);
  for (std::uint32_t round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < most; ++i) CHECK(small.number_of(pieces[i]) == i);
  }
}

TEST_CASE("Law: what one side left alone is the other's, and what both did is done") {
  Random random("laws");
  for (int i = 0; i < 3'000; ++i) {
    const Case sides = random_case(random);
    INFO(print(sides));
    CHECK(merged(sides.base, sides.mine, sides.base) == sides.mine);
    CHECK(merged(sides.base, sides.base, sides.theirs) == sides.theirs);
    CHECK(merged(sides.base, sides.mine, sides.mine) == sides.mine);
  }
}

TEST_CASE("Law: without an overlap it makes no difference whose side is whose; with one there is one both ways") {
  Random random("symmetry");
  int merges = 0, overlaps = 0, both = 0;
  for (int i = 0; i < 5'000; ++i) {
    const Case sides = random_case(random);
    const TextMerge one = merge(sides), other = merge({sides.base, sides.theirs, sides.mine});
    INFO(print(sides));
    CHECK(one.overlaps == other.overlaps);
    overlaps += one.overlaps;
    if (one.overlaps) continue;
    CHECK(one.text == other.text);
    merges += 1;
    both += one.text != sides.mine && one.text != sides.theirs;
  }
  // The cases are of every sort.
  CHECK(merges > 500);
  CHECK(overlaps > 500);
  CHECK(both > 500);
}

TEST_CASE("Law: nothing is invented, and what both kept or one added is not lost") {
  Random random("words");
  int merges = 0;
  for (int i = 0; i < 5'000; ++i) {
    const Case sides = random_case(random, /*with_han=*/false);
    const TextMerge result = merge(sides);
    if (result.overlaps) continue;
    INFO(print(sides), " merged: ", print_json(result.text));
    merges += 1;
    const auto base = words_of(sides.base), mine = words_of(sides.mine), theirs = words_of(sides.theirs);
    const auto words = words_of(result.text);
    for (const std::string& word : words) CHECK(mine.count(word) + theirs.count(word) > 0);
    // A word that wasn't there before, and which only one side has, is there as often as on that side.
    for (const std::string& word : mine) {
      if (base.count(word) + theirs.count(word) == 0) CHECK(words.count(word) == mine.count(word));
    }
    for (const std::string& word : theirs) {
      if (base.count(word) + mine.count(word) == 0) CHECK(words.count(word) == theirs.count(word));
    }
  }
  CHECK(merges > 500);
}

TEST_CASE("Law: no code point is cut") {
  Random random("code points");
  for (int i = 0; i < 5'000; ++i) {
    const Case sides = random_case(random);
    const TextMerge result = merge(sides);
    INFO(print(sides), " merged: ", print_json(result.text));
    CHECK(print_json(result.text).find("\xEF\xBF\xBD") == std::string::npos);
    if (result.overlaps) continue;
    // Nor is one made of the bytes of two.
    const auto known = code_points_of(sides.mine + sides.theirs);
    for (const std::string& point : code_points_of(result.text)) CHECK(known.count(point) == 1);
  }
}

TEST_CASE("Law: there are markers only if something overlaps, in their order, each on a line of its own") {
  Random random("markers");
  const Tokens markers = {"<<<<<<< mine", "||||||| base", "=======", ">>>>>>> theirs"};
  for (int i = 0; i < 3'000; ++i) {
    const Case sides = random_case(random);
    const TextMerge result = merge(sides);
    INFO(print(sides), " merged: ", print_json(result.text));
    std::size_t found = 0, begin = 0;
    for (const std::size_t end : line_ends(result.text)) {
      const std::string line = result.text.substr(begin, end - begin);
      if (line == markers[found % 4] + "\n" || line == markers[found % 4] + "\r\n") ++found;
      begin = end;
    }
    CHECK(found % 4 == 0);
    CHECK((found > 0) == result.overlaps);
    for (const std::string& marker : markers) {
      std::size_t times = 0;
      for (auto at = result.text.find(marker); at != std::string::npos; at = result.text.find(marker, at + 1)) ++times;
      CHECK(times == found / 4);
    }
  }
}

TEST_CASE("Law: what either side added is there, merged or set out") {
  Random random("whole");
  int overlaps = 0;
  for (int i = 0; i < 3'000; ++i) {
    const Case sides = random_case(random, /*with_han=*/false);
    const TextMerge result = merge(sides);
    INFO(print(sides), " merged: ", print_json(result.text));
    overlaps += result.overlaps;
    const auto words = words_of(result.text), base = words_of(sides.base);
    for (const std::string& side : {sides.mine, sides.theirs}) {
      for (const std::string& word : words_of(side)) {
        if (base.count(word) == 0) CHECK(words.count(word) > 0);
      }
    }
  }
  CHECK(overlaps > 500);
}

TEST_CASE("Where too much overlaps, words aren't looked into") {
  std::string base;
  while (base.size() < kWordsBytesMax / 3 - 100) base += "word " + std::to_string(base.size()) + ' ';
  const auto changed = [&](const std::string& more) {
    return merge_text(base + more, "ring " + base + more, base + more + "twice").overlaps;
  };
  CHECK_FALSE(changed(""));
  CHECK(changed(std::string(200, '.')));
}

TEST_CASE("A last line that isn't ended is the line that it would be with its end") {
  CHECK(merge_text("a", "a\nb", "c\na").text == "c\na\nb");
  CHECK(merge_text("a\nb", "a\nb\nc", "x\nb").text == "x\nb\nc");
  CHECK(merge_text("a\nb", "a\nb\n", "x\nb").text == "x\nb\n");
  CHECK(merge_text("a\nb\n", "a\nb", "x\nb\n").text == "x\nb");
  CHECK(merge_text("a\r\nb", "a\r\nb\r\nc", "x\r\nb").text == "x\r\nb\r\nc");
  CHECK(merge_text("third floor", "third floor\nring twice", "third floor, left").text == "third floor, left\nring twice");
}
