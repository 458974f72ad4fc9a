#include "status.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace waldo {
namespace {

TEST(Status, IsOkByDefault) {
  const Status status;
  EXPECT_TRUE(status.ok());
}

TEST(Status, IoNamesTheCallThePathAndTheErrno) {
  const Status status = Status::io(ENOSPC, "pwritev", "/dir/0000000000.page");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, Code::kIo);
  EXPECT_EQ(status.error().sys_errno, ENOSPC);
  EXPECT_STREQ(status.error().syscall, "pwritev");
  EXPECT_EQ(status.error().path, "/dir/0000000000.page");
  EXPECT_EQ(status.error().message,
            "pwritev failed on /dir/0000000000.page: no space left on device (ENOSPC)");
}

TEST(Status, IoKeepsTheNumberOfAnErrnoWithoutAName) {
  const Status status = Status::io(9999, "open", "x");
  EXPECT_NE(status.error().message.find("(errno 9999)"), std::string::npos) << status.error().message;
}

TEST(Status, ErrnoNamesAreSymbolic) {
  EXPECT_STREQ(errno_name(EIO), "EIO");
  EXPECT_STREQ(errno_name(ENOENT), "ENOENT");
  EXPECT_STREQ(errno_name(EDQUOT), "EDQUOT");
  EXPECT_STREQ(errno_name(9999), "");
}

TEST(Status, CorruptCarriesTheLostRange) {
  const Status status =
      Status::corrupt("page 3 is damaged", LostRange{3, 4096, 17, 19}, "/dir/0000000003.page");
  EXPECT_EQ(status.error().code, Code::kCorrupt);
  ASSERT_TRUE(status.error().lost.has_value());
  EXPECT_EQ(status.error().lost->first, 17u);
  EXPECT_EQ(status.error().path, "/dir/0000000003.page");
}

}  // namespace
}  // namespace waldo
