// EXPECT_OK(status), ASSERT_OK(status): print the message of a status that is none.
#pragma once

#include <gtest/gtest.h>

#include "status.h"

namespace waldo {

inline testing::AssertionResult is_ok(const Status& status) {
  if (status.ok()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "code " << static_cast<int>(status.error().code) << ": "
                                     << status.error().message;
}

inline testing::AssertionResult is_errno(const Status& status, int expected) {
  if (status.ok()) return testing::AssertionFailure() << "no error";
  if (status.error().code == Code::kIo && status.error().sys_errno == expected) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << "errno " << status.error().sys_errno << ": "
                                     << status.error().message;
}

}  // namespace waldo

#define EXPECT_OK(expression) EXPECT_TRUE(::waldo::is_ok(expression))
#define ASSERT_OK(expression) ASSERT_TRUE(::waldo::is_ok(expression))
#define EXPECT_ERRNO(expression, expected) EXPECT_TRUE(::waldo::is_errno(expression, expected))
