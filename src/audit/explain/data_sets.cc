#include "audit/explain/data_sets.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "audit/figures/words.h"

namespace liteqat::audit {
namespace {

// Counted in data/mnist/t10k-labels-idx1-ubyte.gz.
constexpr std::array<int64_t, 10> kMnistTestCounts = {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009};

// From each set's own description: LeCun (MNIST), Xiao et al. (Fashion-MNIST), Clanuwat et al. (Kuzushiji), Krizhevsky (CIFAR), Netzer
// et al. (SVHN), Coates et al. (STL-10), Russakovsky et al. (ILSVRC 2012, whose validation images serve as test images), Bossard et al.
// (Food-101), Parkhi et al. (Pets), Nilsback and Zisserman (Flowers), Stallkamp et al. (GTSRB), Hull (USPS).
constexpr std::array<DataSetFacts, 16> kDataSets = {{
    {"mnist", 60000, 10000, 0, 10, false, kMnistTestCounts},
    {"fashion_mnist", 60000, 10000, 0, 10, true},
    {"kmnist", 60000, 10000, 0, 10, true},
    {"cifar10", 50000, 10000, 0, 10, true},
    {"cifar100", 50000, 10000, 0, 100, true},
    {"svhn", 73257, 26032, 0, 10, false},
    {"stl10", 5000, 8000, 0, 10, true},
    {"imagenet", 1281167, 50000, 50000, 1000, true},
    {"tiny_imagenet", 100000, 10000, 10000, 200, true},
    {"imagenette", 9469, 3925, 3925, 10, false},
    {"food101", 75750, 25250, 0, 101, true},
    {"oxford_pets", 3680, 3669, 0, 37, false},
    {"flowers102", 1020, 6149, 1020, 102, false},
    {"gtsrb", 39209, 12630, 0, 43, false},
    {"usps", 7291, 2007, 0, 10, false},
    {"emnist_balanced", 112800, 18800, 0, 47, true},
}};

std::string plain_name(const std::string& name) {
  std::string plain;
  for (const char letter : name) {
    if (std::isalnum(static_cast<unsigned char>(letter)) != 0) plain += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  if (plain == "imagenet1k" || plain == "imagenet2012" || plain == "ilsvrc2012") return "imagenet";
  return plain;
}

}  // namespace

const DataSetFacts* find_data_set(const std::string& name) {
  for (const DataSetFacts& facts : kDataSets) {
    if (plain_name(facts.name) == plain_name(name)) return &facts;
  }
  return nullptr;
}

std::set<std::string> data_sets_named_in(std::string_view text) {
  constexpr size_t kMostWords = 3;  // of a name
  std::set<std::string> named;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::vector<std::string> words = split_words(text.substr(begin, end - begin));
    begin = end + 1;
    for (size_t at = 0; at < words.size(); ++at) {
      // The longest name: "fashion mnist" is not MNIST.
      for (size_t count = std::min(kMostWords, words.size() - at); count > 0; --count) {
        std::string name;
        for (size_t i = 0; i < count; ++i) name += words[at + i];
        const DataSetFacts* facts = find_data_set(name);
        if (!facts) continue;
        named.insert(facts->name);
        at += count - 1;
        break;
      }
    }
  }
  return named;
}

std::vector<std::string> data_set_names() {
  std::vector<std::string> names;
  for (const DataSetFacts& facts : kDataSets) names.emplace_back(facts.name);
  return names;
}

}  // namespace liteqat::audit
