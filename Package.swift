// swift-tools-version: 6.1
import PackageDescription

// libtorch is reached through `libctorch.so`, which `native/build.sh` compiles and describes in
// `native/out/ctorch.pc`. Build with `make build`, or name that folder to SwiftPM by its full path:
// `PKG_CONFIG_PATH=$PWD/native/out swift build`.
let package = Package(
  name: "holdfast",
  platforms: [.macOS(.v14)],
  products: [
    .executable(name: "holdfast", targets: ["holdfast"]),
    .library(
      name: "FeatureProtection",
      targets: [
        "FeatureProtection", "Benchmarks", "CLIP", "Images", "Torch", "Reporting", "Basics",
      ]
    ),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CTorch", pkgConfig: "ctorch"),
    .target(
      name: "CImaging",
      linkerSettings: [
        .linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("webp"), .linkedLibrary("z"),
      ]),
    .systemLibrary(name: "CZlib"),
    .target(name: "CDigest"),
    .target(name: "Basics", dependencies: ["CZlib", "CDigest"]),
    .target(name: "Torch", dependencies: ["Basics", "CTorch"]),
    .target(name: "Images", dependencies: ["Basics", "CImaging"]),
    .target(name: "CLIP", dependencies: ["Basics", "Torch"]),
    .target(name: "Benchmarks", dependencies: ["Basics", "Images"]),
    .target(
      name: "FeatureProtection",
      dependencies: ["Basics", "Torch", "CLIP", "Images", "Benchmarks"],
      resources: [.copy("MiniCLIP")]),
    .target(name: "Reporting", dependencies: ["Basics"]),
    .executableTarget(
      name: "holdfast",
      dependencies: [
        "Basics", "Torch", "Images", "CLIP", "Benchmarks", "FeatureProtection", "Reporting", "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    .executableTarget(
      name: "FineTune", dependencies: ["Benchmarks", "CLIP", "FeatureProtection"],
      path: "Examples/FineTune"),
    .executableTarget(
      name: "Speed",
      dependencies: ["Basics", "Torch", "Images", "CLIP", "Benchmarks", "FeatureProtection"],
      path: "Benchmarks/Speed"),

    .target(
      name: "TestSupport", dependencies: ["Basics", "Torch"], path: "Tests/TestSupport"),
    .testTarget(name: "BasicsTests", dependencies: ["Basics", "TestSupport"]),
    .testTarget(name: "TorchTests", dependencies: ["Torch", "TestSupport"]),
    .testTarget(name: "ImagesTests", dependencies: ["Images", "TestSupport"]),
    .testTarget(name: "CLIPTests", dependencies: ["CLIP", "TestSupport"]),
    .testTarget(name: "BenchmarksTests", dependencies: ["Benchmarks", "TestSupport"]),
    .testTarget(
      name: "FeatureProtectionTests", dependencies: ["FeatureProtection", "TestSupport"]),
    .testTarget(name: "ReportingTests", dependencies: ["Reporting", "TestSupport"]),
    .testTarget(name: "CommandLineTests", dependencies: ["holdfast", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
