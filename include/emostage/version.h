#ifndef EMOSTAGE_VERSION_H_
#define EMOSTAGE_VERSION_H_

namespace emostage {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace emostage

#endif  // EMOSTAGE_VERSION_H_
