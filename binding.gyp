{
  # The addon is loaded from build/Release or build/Debug; `npm run build:debug` makes the second.
  'targets': [
    {
      'target_name': 'waldo',
      'sources': [
        'native/crc32c.cc',
        'native/file_posix.cc',
        'native/lock_posix.cc',
        'native/probe_posix.cc',
        'native/shared_posix.cc',
        'native/status.cc',
        'native/frame.cc',
        'native/slab.cc',
        'native/ring_open.cc',
        'native/superblock.cc',
        'native/tail_copy.cc',
        'native/page.cc',
        'native/page_scanner.cc',
        'native/cursors.cc',
        'native/follow.cc',
        'native/follower.cc',
        'native/head.cc',
        'native/holds.cc',
        'native/ring.cc',
        'native/recovery.cc',
        'native/recovery_salvage.cc',
        'native/committer.cc',
        'native/engine.cc',
        'native/jobs.cc',
        'native/reader.cc',
        'native/verify.cc',
        'native/preparer.cc',
        'native/records.cc',
        'native/addon.cc',
        'native/addon_engine.cc',
        'native/addon_mailbox.cc',
        'native/addon_reads.cc',
        'native/addon_cursors.cc',
        'native/addon_convert.cc',
      ],
      'dependencies': [
        "<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except_all",
      ],
      # A worker can be terminated within any call; what cannot be thrown then must not end the process.
      'defines': ['NAPI_VERSION=8', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
      'cflags': [
        '-Wall',
        '-Wextra',
        '-fPIC',
        '-fvisibility=hidden',
        '-fstack-protector-strong',
      ],
      # Node's own defaults that do not suit: the engine is checked as strictly here as by native/CMakeLists.txt.
      'cflags!': ['-Wno-unused-parameter'],
      'cflags_cc!': ['-fno-rtti', '-std=gnu++17', '-std=gnu++20', '-std=gnu++23'],
      'cflags_cc': ['-std=c++17', '-fvisibility-inlines-hidden'],
      'xcode_settings': {
        'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
        'CLANG_CXX_LIBRARY': 'libc++',
        'GCC_ENABLE_CPP_RTTI': 'YES',
        'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
        'MACOSX_DEPLOYMENT_TARGET': '11.0',
        'OTHER_CPLUSPLUSFLAGS': ['-fstack-protector-strong'],
        'WARNING_CFLAGS': ['-Wall', '-Wextra'],
      },
      'conditions': [
        ['OS=="linux"', {
          'ldflags': ['-pthread', '-Wl,-z,relro,-z,now,-z,noexecstack'],
        }],
      ],
      'configurations': {
        'Release': {
          'defines': ['NDEBUG'],
          # Some compilers predefine _FORTIFY_SOURCE, hence -U before -D.
          'cflags': ['-O3', '-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=2'],
          'xcode_settings': {'GCC_OPTIMIZATION_LEVEL': '3'},
        },
        'Debug': {
          'defines': ['_GLIBCXX_ASSERTIONS'],
          'cflags': ['-Og', '-g'],
          'xcode_settings': {'GCC_OPTIMIZATION_LEVEL': '0', 'GCC_GENERATE_DEBUGGING_SYMBOLS': 'YES'},
        },
      },
    },
  ],
  'variables': {'waldo_bench%': 0},
  'conditions': [
    # Raw loops to compare with: `npm run bench` asks for them, nothing else does.
    ['waldo_bench==1', {
      'targets': [
        {
          'target_name': 'waldo_bench',
          'sources': ['native/bench/raw_loop.cc'],
          'dependencies': [
            "<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except_all",
          ],
          'defines': ['NAPI_VERSION=8'],
          'cflags': ['-Wall', '-Wextra', '-O2', '-fPIC', '-fvisibility=hidden'],
          'cflags!': ['-Wno-unused-parameter'],
          'cflags_cc!': ['-fno-rtti', '-std=gnu++17', '-std=gnu++20', '-std=gnu++23'],
          'cflags_cc': ['-std=c++17'],
          'xcode_settings': {'CLANG_CXX_LANGUAGE_STANDARD': 'c++17', 'GCC_ENABLE_CPP_RTTI': 'YES'},
        },
      ],
    }],
  ],
}
