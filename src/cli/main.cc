#include <cstdio>

int main() {
  std::puts("liteqat " LITEQAT_VERSION);
  return 0;
}
